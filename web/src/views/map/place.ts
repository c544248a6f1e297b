// SPDX-License-Identifier: Apache-2.0
// Where nodes stand. A place is by identity and for good: an update moves nobody, newcomers
// stand beside those they talk to, and who comes back stands where it stood.

export interface Point {
  x: number;
  y: number;
}
export type Places = Map<string, Point>;

export const NODE_WIDTH = 184;
export const NODE_HEIGHT = 46;
export const COLUMN = NODE_WIDTH + 96;
export const ROW = NODE_HEIGHT + 18;

export interface Spacing {
  column: number;
  row: number;
  /** Nearer than that is too near. */
  width: number;
  height: number;
}
const spacings = {
  levels: { column: COLUMN, row: ROW, width: NODE_WIDTH + 24, height: NODE_HEIGHT + 12 },
  force: { column: 45, row: 30, width: 28, height: 28 },
};

/** Taken cells of a grid of columns and rows. */
class Occupied {
  readonly #rows = new Map<number, Point[]>();

  constructor(
    points: Iterable<Point>,
    readonly spacing: Spacing,
  ) {
    for (const point of points) this.add(point);
  }
  add(point: Point): void {
    const row = Math.round(point.y / this.spacing.row);
    const points = this.#rows.get(row);
    if (points) points.push(point);
    else this.#rows.set(row, [point]);
  }
  free({ x, y }: Point): boolean {
    const { width, height } = this.spacing;
    const row = Math.round(y / this.spacing.row);
    for (let at = row - 1; at <= row + 1; at += 1)
      for (const point of this.#rows.get(at) ?? [])
        if (Math.abs(point.x - x) < width && Math.abs(point.y - y) < height) return false;
    return true;
  }
}

/** Puts ids that have no place beside their neighbours; changes `places`. */
export function placeNewcomers(
  places: Places,
  ids: readonly string[],
  edges: readonly (readonly [string, string])[],
  kind: keyof typeof spacings = 'levels',
): void {
  let waiting = ids.filter((id) => !places.has(id));
  if (waiting.length === 0) return;
  const occupied = new Occupied(places.values(), spacings[kind]);
  const { column, row } = spacings[kind];
  const put = (id: string, wanted: Point) => {
    const point = nearestFree(occupied, wanted);
    places.set(id, point);
    occupied.add(point);
  };
  // In rounds: the neighbour may be a newcomer itself.
  while (waiting.length > 0) {
    const set = new Set(waiting);
    const wanted = new Map<string, { x: number; y: number; count: number }>();
    const note = (id: string, x: number, y: number) => {
      const sum = wanted.get(id);
      if (sum) {
        sum.x += x;
        sum.y += y;
        sum.count += 1;
      } else wanted.set(id, { x, y, count: 1 });
    };
    for (const [src, dst] of edges) {
      const from = places.get(src);
      const to = places.get(dst);
      if (from && !to && set.has(dst)) note(dst, from.x + column, from.y);
      if (to && !from && set.has(src)) note(src, to.x - column, to.y);
    }
    if (wanted.size === 0) {
      const [first = ''] = waiting;
      put(first, below(places, row));
      waiting = waiting.slice(1);
      continue;
    }
    for (const [id, { x, y, count }] of wanted) put(id, { x: x / count, y: y / count });
    waiting = waiting.filter((id) => !places.has(id));
  }
}

function below(places: Places, row: number): Point {
  let left = Infinity;
  let bottom = -Infinity;
  for (const { x, y } of places.values()) {
    left = Math.min(left, x);
    bottom = Math.max(bottom, y);
  }
  return places.size === 0 ? { x: 0, y: 0 } : { x: left, y: bottom + row };
}

function nearestFree(occupied: Occupied, wanted: Point): Point {
  for (let ring = 0; ring < 400; ring += 1)
    for (const [columns, rows] of ringOf(ring)) {
      const point = {
        x: wanted.x + columns * occupied.spacing.column,
        y: wanted.y + rows * occupied.spacing.row,
      };
      if (occupied.free(point)) return point;
    }
  return wanted;
}

/** First up and down in the column, then columns beside. */
function ringOf(ring: number): [number, number][] {
  if (ring === 0) return [[0, 0]];
  const cells: [number, number][] = [];
  const columns = Math.floor(ring / 6);
  for (let column = 0; column <= columns; column += 1) {
    const rows = ring - column * 6;
    for (const row of rows === 0 ? [0] : [rows, -rows])
      for (const side of column === 0 ? [0] : [column, -column]) cells.push([side, row]);
  }
  return cells;
}

/**
 * Ranks of a levelled layout that are much taller than the rest are broken into columns beside
 * each other, so that the whole is about as wide as a screen. Order within a rank is kept.
 */
export function wrapRanks(points: readonly Point[], aspect = 1.7): Point[] {
  const ranks = new Map<number, number[]>();
  points.forEach(({ x }, index) => {
    const rank = Math.round(x);
    const members = ranks.get(rank);
    if (members) members.push(index);
    else ranks.set(rank, [index]);
  });
  const ordered = [...ranks.entries()].sort(([a], [b]) => a - b).map(([, members]) => members);
  // The fewest rows with which the picture is wide enough.
  let rows = 1;
  const columnsWith = (count: number) =>
    ordered.reduce((sum, members) => sum + Math.ceil(members.length / count), 0);
  while (columnsWith(rows) * COLUMN > rows * ROW * aspect) rows += 1;
  const placed = points.map((point) => ({ ...point }));
  let column = 0;
  for (const members of ordered) {
    members.sort((a, b) => (points[a]?.y ?? 0) - (points[b]?.y ?? 0));
    const columns = Math.ceil(members.length / rows);
    const tall = Math.ceil(members.length / columns);
    members.forEach((index, order) => {
      const row = Math.floor(order / columns);
      // Half a row down in every other column: edges that pass are seen between.
      const shift = columns > 1 && (order % columns) % 2 === 1 ? 0.5 : 0;
      placed[index] = {
        x: (column + (order % columns)) * COLUMN,
        y: (row + shift - tall / 2) * ROW,
      };
    });
    column += columns;
  }
  return placed;
}
