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

/** Room for all cards and for edges that go around them. */
export function boundsOf(places: Places): {
  left: number;
  top: number;
  width: number;
  height: number;
} {
  let [left, top, right, bottom] = [0, 0, 0, 0];
  for (const { x, y } of places.values()) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  const margin = NODE_WIDTH;
  return {
    left: left - margin,
    top: top - margin,
    width: right - left + 2 * margin,
    height: bottom - top + 2 * margin,
  };
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

/** So many columns are fine on any screen: they are not broken up to save width. */
const COLUMNS = 5;

/**
 * Makes columns of the ranks of a levelled layout, so that the whole is about as wide as a
 * screen: a rank that is too tall becomes several columns, and ranks of one or two, of which
 * a graph with circles has many, share one. The order of the layout is kept.
 */
export function wrapRanks(points: readonly Point[], aspect = 1.6): Point[] {
  const ranks = new Map<number, number[]>();
  points.forEach(({ x }, index) => {
    const rank = Math.round(x);
    const members = ranks.get(rank);
    if (members) members.push(index);
    else ranks.set(rank, [index]);
  });
  const ordered = [...ranks.entries()].sort(([a], [b]) => a - b).map(([, members]) => members);
  for (const members of ordered)
    members.sort((a, b) => (points[a]?.y ?? 0) - (points[b]?.y ?? 0) || a - b);
  let columns = ordered;
  for (let rows = 1; rows <= points.length; rows += 1) {
    columns = columnsOf(ordered, rows);
    if (columns.length <= COLUMNS || columns.length * COLUMN <= rows * ROW * aspect) break;
  }
  const placed = points.map((point) => ({ ...point }));
  // A flat picture has room for more air between rows.
  const tall = Math.max(1, ...columns.map((members) => members.length)) * ROW;
  const wide = columns.length * COLUMN;
  const row = ROW * Math.min(1.8, Math.max(1, wide / (aspect * tall)));
  columns.forEach((members, column) =>
    members.forEach((index, at) => {
      // Half a row down in every other column: an edge that passes is seen between.
      const shift = column % 2 === 1 ? 0.25 : -0.25;
      placed[index] = { x: column * COLUMN, y: (at - (members.length - 1) / 2 + shift) * row };
    }),
  );
  return placed;
}

function columnsOf(ranks: readonly number[][], rows: number): number[][] {
  const share = ranks.length > COLUMNS;
  const columns: number[][] = [];
  for (const members of ranks) {
    const last = columns.at(-1);
    if (share && last && last.length + members.length <= rows) {
      last.push(...members);
      continue;
    }
    const parts = Math.ceil(members.length / rows);
    const size = Math.ceil(members.length / parts);
    for (let at = 0; at < members.length; at += size) columns.push(members.slice(at, at + size));
  }
  return columns;
}
