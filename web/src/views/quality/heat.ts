// SPDX-License-Identifier: Apache-2.0
// A histogram over time as a grid: columns are steps, rows are classes, the highest on top.
import { columnIndex, number } from '../../api/query';
import type { Cell, QueryAnswer } from '../../api/types';
import { parseTime } from '../../format/time';

/** Values above `low` and not above `high`, in ms or as counts. */
export interface HeatClass {
  low: number | undefined;
  high: number | undefined;
}

export interface Heat {
  stepMs: number;
  /** Beginnings of steps, ms since 1970. */
  times: number[];
  classes: HeatClass[];
  /** By class, then step. */
  counts: number[][];
  most: number;
  total: number;
  /** What is known of, ms since 1970; steps outside are not. */
  known: readonly [number, number];
}

/** Bounds of /api/query's `histogram` of durations, in ms. */
const DURATIONS: readonly number[] = [
  0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
];
const COUNTS: readonly number[] = Array.from({ length: 40 }, (_, i) => 2 ** i);

/** The class that a bound ends, as its place; behind all: "+Inf". */
function placeOf(le: Cell | undefined, bounds: readonly number[]): number {
  if (typeof le !== 'number') return bounds.length;
  const at = bounds.findIndex((bound) => le <= bound);
  return at < 0 ? bounds.length : at;
}

export function heatOf(
  answer: QueryAnswer,
  stepMs: number,
  [first, last]: readonly [number, number],
): Heat {
  const bounds =
    answer.columns.find(({ name }) => name === 'le')?.type === 'duration' ? DURATIONS : COUNTS;
  const [time, le, count] = ['time', 'le', 'count'].map((name) =>
    columnIndex(answer.columns, name),
  ) as [number, number, number];
  const start = Math.floor(first / stepMs) * stepMs;
  const times: number[] = [];
  for (let at = start; at < last; at += stepMs) times.push(at);

  const rows = answer.rows.map((row) => ({
    column: Math.round((parseTime(String(row[time])) - start) / stepMs),
    place: placeOf(row[le], bounds),
    count: number(row[count]),
  }));
  const places = rows.map(({ place }) => place);
  const [lowest, highest] = [Math.min(...places), Math.max(...places)];
  const classes: HeatClass[] = [];
  // At least some rows: one alone looks like a band and not like a distribution.
  const bottom = Math.max(0, Math.min(lowest, highest - 3));
  for (let place = highest; rows.length > 0 && place >= bottom; place -= 1)
    classes.push({ low: bounds[place - 1], high: bounds[place] });
  const counts = classes.map(() => times.map(() => 0));
  let most = 0;
  let total = 0;
  for (const { column, place, count: n } of rows) {
    const line = counts[highest - place];
    if (!line || line[column] === undefined) continue;
    line[column] += n;
    total += n;
    most = Math.max(most, line[column]);
  }
  const kept = parseTime(answer.kept_since);
  const until = parseTime(answer.until ?? answer.completeness?.until);
  return {
    stepMs,
    times,
    classes,
    counts,
    most,
    total,
    known: [Number.isNaN(kept) ? first : kept, Number.isNaN(until) ? last : until],
  };
}

export function isKnown(heat: Heat, column: number): boolean {
  const start = heat.times[column] ?? 0;
  return start + heat.stepMs > heat.known[0] && start < heat.known[1];
}

/** How strong a cell is, 0 to 1: by orders of magnitude, and what is there is seen. */
export function strength(count: number, most: number): number {
  if (count <= 0 || most <= 0) return 0;
  return most === 1 ? 1 : 0.14 + 0.86 * (Math.log(count) / Math.log(most));
}

/** The condition of a class, as the query language has it. */
export function classQuery(field: string, { low, high }: HeatClass, isDuration: boolean): string {
  const value = (bound: number) => (isDuration ? `${Math.round(bound * 1000)}us` : String(bound));
  return [
    ...(low === undefined ? [] : [`${field}>${value(low)}`]),
    ...(high === undefined ? [] : [`${field}<=${value(high)}`]),
  ].join(' ');
}
