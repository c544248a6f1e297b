// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { WindowEvent } from '../../api/types';
import { chartOf } from './series';
import { WindowRows } from './window_rows';

const columns = [
  { name: 'time', type: 'time' },
  { name: 'src.ip', type: 'address' },
  { name: 'sum_bytes', type: 'count' },
  { name: 'p50_rtt', type: 'duration' },
];
const at = (second: number) => new Date(1_800_000_000_000 + second * 1000).toISOString();
const step = (second: number, groups: [string, number, number | null][]) =>
  ({ columns, rows: groups.map((one) => [at(second), ...one]) }) as unknown as WindowEvent;

it('keeps the largest groups of each measure', () => {
  const history = new WindowRows({ groups: 1 });
  history.add(
    step(0, [
      ['a', 5, 1],
      ['b', 90, 2],
      ['c', 7, 900],
      ['d', 8, null],
    ]),
  );
  expect(history.rows.map((row) => row[1])).toEqual(['b', 'c']);
  history.add(step(1, [['a', 5, 1]]));
  expect(history.thinned).toEqual(new Set([1_800_000_000]));
  // What was left out of a step is not known there; what a whole step lacks is 0.
  const chart = chartOf(columns, history.rows, 'sum_bytes', 6, history.thinned);
  const values = (name: string) => chart.series.find((one) => one.name === name)?.values;
  expect(values('a')).toEqual([null, 5]);
  expect(values('b')).toEqual([90, 0]);
});

it('keeps so many steps and rows at most, the newest', () => {
  const groups = (count: number) =>
    Array.from({ length: count }, (_, id): [string, number, number] => [`g${id}`, id, 1]);
  const few = new WindowRows({ steps: 3 });
  for (let second = 0; second < 10; second += 1) few.add(step(second, groups(2)));
  expect(few.rows.map((row) => row[0])).toEqual([7, 7, 8, 8, 9, 9].map(at));
  const many = new WindowRows({ groups: 1000, rows: 2500 });
  for (let second = 0; second < 10; second += 1) many.add(step(second, groups(1000)));
  expect(many.rows.length).toBe(2000);
  const large = new WindowRows();
  for (let second = 0; second < 120; second += 1) large.add(step(second, groups(10_000)));
  expect(large.rows.length).toBeLessThanOrEqual(120 * 100);
});
