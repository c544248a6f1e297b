// SPDX-License-Identifier: Apache-2.0
// Values over time as steps that may have different lengths: those of history, then live ones.

/** All in seconds since 1970. Steps are in order and do not overlap. */
export interface Timeline {
  /** What is shown, also where nothing is known of it. */
  range: readonly [number, number];
  from: readonly number[];
  until: readonly number[];
  /** Series, then steps; null: not known. */
  values: readonly (readonly (number | null)[])[];
}

/** Shorter holes are the clocks' and no gap. */
const TOLERATED_S = 0.5;

/** Times of which nothing is known. */
export function gapsOf({ range: [first, last], from, until, values }: Timeline) {
  const gaps: [number, number][] = [];
  const add = (start: number, end: number) => {
    const before = gaps.at(-1);
    if (end - start <= TOLERATED_S) return;
    if (before && start - before[1] <= TOLERATED_S) before[1] = end;
    else gaps.push([start, end]);
  };
  let known = first;
  for (let i = 0; i < from.length; i += 1) {
    const [start, end] = [Math.max(first, from[i] ?? 0), Math.min(last, until[i] ?? 0)];
    if (end <= first) continue;
    add(known, start);
    if (values.every((series) => (series[i] ?? null) === null)) add(start, end);
    known = Math.max(known, end);
  }
  add(known, last);
  return gaps;
}

/** Columns as the chart's library takes them: each step's beginning, and an end before a gap. */
export function columnsOf({ from, until, values }: Timeline): (number | null)[][] {
  const columns: (number | null)[][] = [[], ...values.map(() => [])];
  const push = (at: number, value: (series: number) => number | null) => {
    columns[0]?.push(at);
    values.forEach((_, series) => columns[series + 1]?.push(value(series)));
  };
  for (let i = 0; i < from.length; i += 1) {
    push(from[i] ?? 0, (series) => values[series]?.[i] ?? null);
    const end = until[i] ?? 0;
    const next = from[i + 1];
    if (next !== undefined && next - end <= TOLERATED_S) continue;
    // The step holds up to its end.
    push(end, (series) => values[series]?.[i] ?? null);
    if (next !== undefined) push(end + TOLERATED_S / 2, () => null);
  }
  return columns;
}

/** Steps of one series, as a sparkline takes them. */
export function stepsOf({ from, until, values }: Timeline, series: number) {
  return from.map((start, i) => ({
    from: start,
    until: until[i] ?? start,
    value: values[series]?.[i] ?? null,
  }));
}

/** The step that a moment is in; -1: none. */
export function stepAt({ from, until }: Timeline, at: number): number {
  for (let i = from.length - 1; i >= 0; i -= 1)
    if ((from[i] ?? 0) <= at) return at <= (until[i] ?? 0) ? i : -1;
  return -1;
}
