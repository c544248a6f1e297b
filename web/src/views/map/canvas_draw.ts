// SPDX-License-Identifier: Apache-2.0
// Draws a large picture: lines in a few strokes by look, then nodes, then names where there is room.
import type { Picture } from './cut';
import type { Health } from './health';
import { type Metric, metricValue, nameOf, shortened, widthOf } from './metrics';
import type { Places, Point } from './place';

export interface Tones {
  line: string;
  warn: string;
  bad: string;
  node: string;
  ground: string;
  text: string;
  accent: string;
  font: string;
}

export interface Scene {
  /** x1, y1, x2, y2 of each line, by look. */
  lines: { health: Health; width: number; gone: boolean; points: Float32Array; path?: Path2D }[];
  nodes: { id: string; x: number; y: number; radius: number; health: Health; name: string }[];
  byId: Map<string, number>;
}

/** What changes with data, and not with the viewport. */
export function sceneOf(picture: Picture, places: Places, metric: Metric): Scene {
  const most = picture.edges.reduce((top, { edge }) => Math.max(top, metricValue(edge, metric)), 0);
  const largest = picture.nodes.reduce((top, one) => Math.max(top, one.bytes), 1);
  const groups = new Map<
    string,
    { health: Health; width: number; gone: boolean; points: number[] }
  >();
  for (const { edge, health } of picture.edges) {
    const from = places.get(edge.src.id);
    const to = places.get(edge.dst.id);
    if (!from || !to) continue;
    // Few widths: each is one stroke.
    const width = edge.gone ? 0.5 : Math.ceil(widthOf(metricValue(edge, metric), most) / 1.5);
    const key = `${health} ${width}`;
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { health, width, gone: edge.gone, points: [] }));
    group.points.push(from.x, from.y, to.x, to.y);
  }
  const order = { good: 0, warn: 1, bad: 2 };
  const lines = [...groups.values()]
    .sort((a, b) => order[a.health] - order[b.health] || a.width - b.width)
    .map((group) => ({ ...group, points: Float32Array.from(group.points) }));
  const nodes = picture.nodes
    .flatMap((one) => {
      const place = places.get(one.node.id);
      const radius = 4 + 10 * Math.sqrt(one.bytes / largest);
      return place
        ? [
            {
              id: one.node.id,
              ...place,
              radius,
              health: one.health,
              name: shortened(nameOf(one.node), 24),
            },
          ]
        : [];
    })
    .sort((a, b) => b.radius - a.radius);
  return { lines, nodes, byId: new Map(nodes.map((node, at) => [node.id, at])) };
}

export interface View {
  x: number;
  y: number;
  scale: number;
  width: number;
  height: number;
  ratio: number;
}

export interface Emphasis {
  selected: string;
  found: ReadonlySet<string> | undefined;
  /** Lines of what is selected, drawn above the others. */
  own: Float32Array;
}

export function draw(
  context: CanvasRenderingContext2D,
  scene: Scene,
  view: View,
  tones: Tones,
  emphasis: Emphasis,
): void {
  const { ratio, scale } = view;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = tones.ground;
  context.fillRect(0, 0, view.width, view.height);
  const toX = (x: number) => x * scale + view.x;
  const toY = (y: number) => y * scale + view.y;
  const some = emphasis.selected !== '' || emphasis.found !== undefined;
  for (const { health, width, gone, points } of scene.lines) {
    context.beginPath();
    trace(context, points, view);
    context.lineWidth = width;
    context.strokeStyle = health === 'good' ? tones.line : tones[health];
    context.globalAlpha = (gone ? 0.1 : health === 'good' ? 0.22 : 0.75) * (some ? 0.4 : 1);
    context.stroke();
  }
  context.globalAlpha = 1;
  if (emphasis.own.length > 0) {
    context.beginPath();
    trace(context, emphasis.own, view);
    context.lineWidth = 2;
    context.strokeStyle = tones.accent;
    context.stroke();
  }
  const size = Math.max(0.6, Math.min(1.6, Math.sqrt(scale)));
  // Small first drawn last would hide behind large ones.
  for (const node of scene.nodes) {
    const x = toX(node.x);
    const y = toY(node.y);
    if (x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20) continue;
    const chosen = node.id === emphasis.selected || (emphasis.found?.has(node.id) ?? false);
    context.globalAlpha = some && emphasis.found && !chosen ? 0.35 : 1;
    context.beginPath();
    // A shape and not a colour alone says that there is a problem.
    if (node.health === 'good') context.arc(x, y, node.radius * size, 0, 2 * Math.PI);
    else diamond(context, { x, y }, (node.radius + 2) * size);
    context.fillStyle = chosen
      ? tones.accent
      : node.health === 'good'
        ? tones.node
        : tones[node.health];
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = tones.ground;
    context.stroke();
  }
  context.globalAlpha = 1;
  names(context, scene, view, tones, emphasis, size);
}

function trace(context: CanvasRenderingContext2D, points: Float32Array, view: View): void {
  const { x, y, scale, width, height } = view;
  for (let at = 0; at < points.length; at += 4) {
    const x1 = points[at]! * scale + x;
    const y1 = points[at + 1]! * scale + y;
    const x2 = points[at + 2]! * scale + x;
    const y2 = points[at + 3]! * scale + y;
    if ((x1 < 0 && x2 < 0) || (y1 < 0 && y2 < 0)) continue;
    if ((x1 > width && x2 > width) || (y1 > height && y2 > height)) continue;
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
  }
}

function diamond(context: CanvasRenderingContext2D, { x, y }: Point, radius: number): void {
  context.moveTo(x, y - radius);
  context.lineTo(x + radius, y);
  context.lineTo(x, y + radius);
  context.lineTo(x - radius, y);
  context.closePath();
}

/** Largest first, and none over another. */
function names(
  context: CanvasRenderingContext2D,
  scene: Scene,
  view: View,
  tones: Tones,
  emphasis: Emphasis,
  size: number,
): void {
  context.font = tones.font;
  context.textBaseline = 'middle';
  const cells = new Set<number>();
  let left = 120;
  for (const node of scene.nodes) {
    if (left <= 0) break;
    const x = node.x * view.scale + view.x + node.radius * size + 4;
    const y = node.y * view.scale + view.y;
    if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
    const chosen = node.id === emphasis.selected || (emphasis.found?.has(node.id) ?? false);
    const column = Math.floor(x / 60);
    const row = Math.floor(y / 16);
    const key = column * 4096 + row;
    if (!chosen && (cells.has(key) || cells.has(key + 4096) || cells.has(key - 4096))) continue;
    for (const taken of [key, key + 4096, key + 8192]) cells.add(taken);
    left -= 1;
    context.lineWidth = 3;
    context.strokeStyle = tones.ground;
    context.strokeText(node.name, x, y);
    context.fillStyle = tones.text;
    context.fillText(node.name, x, y);
  }
}

export function nodeAt(scene: Scene, view: View, at: Point): string | undefined {
  const size = Math.max(0.6, Math.min(1.6, Math.sqrt(view.scale)));
  let best: string | undefined;
  let least = Infinity;
  for (const node of scene.nodes) {
    const far = Math.hypot(
      node.x * view.scale + view.x - at.x,
      node.y * view.scale + view.y - at.y,
    );
    if (far < Math.max(12, node.radius * size) && far < least) [best, least] = [node.id, far];
  }
  return best;
}
