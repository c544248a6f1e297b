// SPDX-License-Identifier: Apache-2.0
// The way of an edge between two cards.
import { NODE_HEIGHT, NODE_WIDTH, type Point } from './place';

export interface Way {
  path: string;
  /** Where a label stands, if no card is there. */
  middle: Point;
  /** x and y of the ends and of what bends it; undefined: a loop, beside its card. */
  bends?: readonly [Point, Point, Point, Point];
}

const HALF = NODE_WIDTH / 2;

/** How far a way is bent up or down, to lead around cards; the first that does. */
const BOWS = [0, -90, 90, -150, 150, -230, 230];
/** Where there are more, each way would take too long to find. */
const MOST_CARDS = 60;

/** `cards`: what it leads around, where it can; its own two may be among them. */
export function wayOf(from: Point, to: Point, cards: readonly Point[] = []): Way {
  if (from === to || (from.x === to.x && from.y === to.y)) return loop(from);
  const dx = to.x - from.x;
  // In one column: out on the right and back.
  if (Math.abs(dx) < NODE_WIDTH) {
    const out = Math.max(from.x, to.x) + HALF + 40;
    return curve(from.x + HALF, from.y, to.x + HALF + 2, to.y, out, out);
  }
  const side = dx > 0 ? 1 : -1;
  const x1 = from.x + side * HALF;
  const x2 = to.x - side * (HALF + 2);
  const bend = Math.max(36, Math.abs(x2 - x1) / 2) * side;
  const straight = curve(x1, from.y, x2, to.y, x1 + bend, x2 - bend);
  if (cards.length > MOST_CARDS) return straight;
  const others = cards.filter((card) => !isAt(card, from) && !isAt(card, to));
  for (const bow of BOWS) {
    const way = curve(x1, from.y, x2, to.y, x1 + bend, x2 - bend, bow);
    if (!others.some((card) => isBehind(way, card))) return way;
  }
  return straight;
}

const isAt = (card: Point, end: Point) => card.x === end.x && card.y === end.y;

function isBehind({ bends }: Way, card: Point): boolean {
  for (let step = 1; bends && step < 16; step += 1) {
    const { x, y } = at(bends, step / 16);
    if (Math.abs(x - card.x) < HALF && Math.abs(y - card.y) < NODE_HEIGHT / 2) return true;
  }
  return false;
}

function curve(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  c1: number,
  c2: number,
  bow = 0,
): Way {
  const round = (value: number) => Math.round(value * 10) / 10;
  const path = `M${round(x1)} ${round(y1)}C${round(c1)} ${round(y1 + bow)} ${round(c2)} ${round(y2 + bow)} ${round(x2)} ${round(y2)}`;
  const bends = [
    { x: x1, y: y1 },
    { x: c1, y: y1 + bow },
    { x: c2, y: y2 + bow },
    { x: x2, y: y2 },
  ] as const;
  return { path, middle: at(bends, 0.5), bends };
}

function at([a, b, c, d]: readonly [Point, Point, Point, Point], t: number): Point {
  const s = 1 - t;
  const of = (name: 'x' | 'y') =>
    s * s * s * a[name] + 3 * s * s * t * b[name] + 3 * s * t * t * c[name] + t * t * t * d[name];
  return { x: of('x'), y: of('y') };
}

export interface Label extends Point {
  width: number;
}

/** Above its point. */
const LABEL_HEIGHT = 14;

/** Where labels of edges can be read: as near to their middle as no card or other label is. */
export class Labels {
  readonly #placed: Label[] = [];

  constructor(private readonly cards: readonly Point[]) {}

  place({ middle, bends }: Way, width: number): Point {
    const points = bends ? along(bends) : [middle];
    const bare = points.filter((point) => !this.#onCard(point, width));
    const place = bare.find((point) => !this.#onLabel(point, width)) ?? bare[0] ?? middle;
    this.#placed.push({ ...place, width });
    return place;
  }

  #onCard({ x, y }: Point, width: number): boolean {
    return this.cards.some(
      (card) =>
        Math.abs(card.x - x) < HALF + width / 2 + 2 &&
        y + 2 > card.y - NODE_HEIGHT / 2 &&
        y - LABEL_HEIGHT - 2 < card.y + NODE_HEIGHT / 2,
    );
  }

  #onLabel({ x, y }: Point, width: number): boolean {
    return this.#placed.some(
      (label) =>
        Math.abs(label.x - x) < (label.width + width) / 2 + 4 &&
        Math.abs(label.y - y) < LABEL_HEIGHT,
    );
  }
}

/** From the middle to both ends. */
function along(bends: NonNullable<Way['bends']>): Point[] {
  const points = [at(bends, 0.5)];
  for (let away = 0.02; away < 0.5; away += 0.02)
    points.push(at(bends, 0.5 - away), at(bends, 0.5 + away));
  return points;
}

function loop({ x, y }: Point): Way {
  const top = y - NODE_HEIGHT / 2;
  return {
    path: `M${x + 30} ${top}C${x + 40} ${top - 30} ${x - 40} ${top - 30} ${x - 30} ${top - 2}`,
    middle: { x, y: top - 22 },
  };
}

/** The nearest in a direction of the arrow keys, by angle and distance. */
export function neighbourIn(
  direction: 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown',
  from: Point,
  others: Iterable<[string, Point]>,
): string | undefined {
  const [ux, uy] = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
  }[direction] as [number, number];
  let best: string | undefined;
  let least = Infinity;
  for (const [id, point] of others) {
    const dx = point.x - from.x;
    const dy = point.y - from.y;
    const along = dx * ux + dy * uy;
    const aside = Math.abs(dx * uy) + Math.abs(dy * ux);
    if (along <= 1 || aside > 2 * along) continue;
    const cost = along + 2 * aside;
    if (cost < least) [best, least] = [id, cost];
  }
  return best;
}
