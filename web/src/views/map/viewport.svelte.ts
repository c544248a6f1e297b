// SPDX-License-Identifier: Apache-2.0
// Which part of the map is seen: moved by who looks, never by an update.
import type { Places, Point } from './place';

const LEAST = 0.05;
const MOST = 4;

export class Viewport {
  /** Pixels of the picture's origin, and pixels for a unit. */
  x = $state(0);
  y = $state(0);
  scale = $state(1);
  width = $state(800);
  height = $state(500);

  /** Not smaller than `least`: what cannot be read is of no use, and the rest is a drag away. */
  fit(places: Places, margin: number, least = LEAST): void {
    if (places.size === 0) return;
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const { x, y } of places.values()) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
    const wide = right - left + 2 * margin;
    const tall = bottom - top + margin;
    this.scale = Math.min(1.1, Math.max(least, Math.min(this.width / wide, this.height / tall)));
    this.x = this.width / 2 - ((left + right) / 2) * this.scale;
    this.y = this.height / 2 - ((top + bottom) / 2) * this.scale;
  }

  zoom(factor: number, at: Point = { x: this.width / 2, y: this.height / 2 }): void {
    const scale = Math.min(MOST, Math.max(LEAST, this.scale * factor));
    const change = scale / this.scale;
    this.x = at.x - (at.x - this.x) * change;
    this.y = at.y - (at.y - this.y) * change;
    this.scale = scale;
  }

  pan(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
  }

  toScreen({ x, y }: Point): Point {
    return { x: x * this.scale + this.x, y: y * this.scale + this.y };
  }
  toPlace({ x, y }: Point): Point {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }

  /** Brings a place that is out of sight into it; one that is seen moves nothing. */
  reveal(place: Point, margin = 60): void {
    const at = this.toScreen(place);
    if (at.x < margin) this.x += margin - at.x;
    if (at.x > this.width - margin) this.x -= at.x - this.width + margin;
    if (at.y < margin) this.y += margin - at.y;
    if (at.y > this.height - margin) this.y -= at.y - this.height + margin;
  }
}

/** Drag to move, wheel with Ctrl (or a pinch) to zoom; a plain wheel scrolls the page. */
export function moves(element: HTMLElement | SVGElement, viewport: Viewport) {
  const pointers = new Map<number, Point>();
  const at = (event: PointerEvent | WheelEvent): Point => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  };
  let far = 0;
  const down = (event: PointerEvent) => {
    pointers.set(event.pointerId, at(event));
    far = 0;
  };
  const move = (event: PointerEvent) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    const wide = spread();
    pointers.set(event.pointerId, now);
    far += Math.hypot(now.x - before.x, now.y - before.y);
    // A click that trembles is a click.
    if (far > 4 && !element.hasPointerCapture(event.pointerId))
      element.setPointerCapture(event.pointerId);
    if (pointers.size === 1) viewport.pan(now.x - before.x, now.y - before.y);
    else if (wide > 0) viewport.zoom(spread() / wide, now);
  };
  const up = (event: PointerEvent) => pointers.delete(event.pointerId);
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    viewport.zoom(Math.exp(-event.deltaY / 300), at(event));
  };
  const listeners: [string, (event: never) => void][] = [
    ['pointerdown', down],
    ['pointermove', move],
    ['pointerup', up],
    ['pointercancel', up],
    ['wheel', wheel],
  ];
  for (const [name, listener] of listeners)
    element.addEventListener(name, listener as EventListener, { passive: false });
  return {
    destroy: () => {
      for (const [name, listener] of listeners)
        element.removeEventListener(name, listener as EventListener);
    },
  };
}
