// SPDX-License-Identifier: Apache-2.0
// Rows of a query with `every` as lines over time.
import type { Cell, Column } from '../../api/types';
import { parseTime } from '../../format/time';
import { isMeasure } from './cells';

export interface Series {
  name: string;
  /** Beside `times`; null: nothing is known of that step. */
  values: (number | null)[];
}
export interface Chart {
  /** Seconds since 1970. */
  times: number[];
  series: Series[];
  /** Groups that are left out: those with the smallest sums. */
  more: number;
}

const MOST_STEPS = 5000;

export function measuresOf(columns: readonly Column[]): Column[] {
  return columns.filter(isMeasure);
}

export function hasTime(columns: readonly Column[]): boolean {
  return columns.some((one) => one.name === 'time') && measuresOf(columns).length > 0;
}

export function chartOf(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  measure: string,
  most = 6,
  /** Steps of which groups were left out: one without a row is not known there. */
  thinned: ReadonlySet<number> = new Set(),
): Chart {
  const time = columns.findIndex((one) => one.name === 'time');
  const value = columns.findIndex((one) => one.name === measure);
  const keys = columns.flatMap((one, index) => (index === time || isMeasure(one) ? [] : [index]));
  // Where a group has no row in a step, its sum is 0, and its average is not known.
  const absent = /^(count|sum|rate|distinct)/.test(measure) ? 0 : null;
  const groups = new Map<string, Map<number, number | null>>();
  const steps = new Set<number>();
  for (const row of rows) {
    const at = parseTime(row[time] as string) / 1000;
    if (Number.isNaN(at)) continue;
    steps.add(at);
    const name = keys.map((index) => row[index] ?? '–').join(', ');
    const group = groups.get(name) ?? new Map<number, number | null>();
    const cell = row[value];
    group.set(at, typeof cell === 'number' ? cell : null);
    groups.set(name, group);
  }
  const times = filled([...steps].sort((a, b) => a - b));
  const size = (group: Map<number, number | null>) => {
    let sum = 0;
    for (const one of group.values()) sum += Math.abs(one ?? 0);
    return sum;
  };
  const largest = [...groups].sort((a, b) => size(b[1]) - size(a[1]));
  return {
    times,
    more: Math.max(0, largest.length - most),
    series: largest.slice(0, most).map(([name, group]) => ({
      name: name || measure,
      values: times.map((at) =>
        group.has(at) ? (group.get(at) ?? null) : thinned.has(at) ? null : absent,
      ),
    })),
  };
}

/** With steps in which nothing happened at all. */
function filled(times: number[]): number[] {
  let step = Number.POSITIVE_INFINITY;
  for (let index = 1; index < times.length; index += 1)
    step = Math.min(step, (times[index] as number) - (times[index - 1] as number));
  const first = times[0];
  const last = times.at(-1);
  if (first === undefined || last === undefined || !Number.isFinite(step) || step <= 0)
    return times;
  const steps = Math.round((last - first) / step);
  if (steps > MOST_STEPS) return times;
  const all = new Set(times);
  for (let index = 0; index <= steps; index += 1) all.add(first + index * step);
  return [...all].sort((a, b) => a - b);
}

/** Least, most and newest: a line in words. */
export function summary(series: Series): { least: number; most: number; newest: number } {
  const known = series.values.filter((one): one is number => one !== null);
  return {
    least: known.length ? Math.min(...known) : Number.NaN,
    most: known.length ? Math.max(...known) : Number.NaN,
    newest: known.at(-1) ?? Number.NaN,
  };
}
