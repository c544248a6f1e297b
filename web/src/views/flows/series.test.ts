// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { chartOf, hasTime, summary } from './series';

const columns = [
  { name: 'time', type: 'time' },
  { name: 'src.ip', type: 'address' },
  { name: 'sum_bytes', type: 'count' },
  { name: 'p50_rtt', type: 'duration', unit: 'ms' },
];
const at = (minute: number) => `2026-11-27T17:0${minute}:00.000000000Z`;
const rows = [
  [at(0), 'a', 5, 1],
  [at(0), 'b', 50, null],
  [at(1), 'a', 7, 2],
  [at(3), 'b', 60, 4],
];

it('makes a line of each group, the largest first', () => {
  const chart = chartOf(columns, rows, 'sum_bytes');
  expect(chart.times.map((time) => time - (chart.times[0] ?? 0))).toEqual([0, 60, 120, 180]);
  // What has no row in a step has summed nothing.
  expect(chart.series).toEqual([
    { name: 'b', values: [50, 0, 0, 60] },
    { name: 'a', values: [5, 7, 0, 0] },
  ]);
  expect(chartOf(columns, rows, 'sum_bytes', 1).more).toBe(1);
});

it('leaves gaps where nothing is known', () => {
  const chart = chartOf(columns, rows, 'p50_rtt');
  expect(chart.series.find((one) => one.name === 'b')?.values).toEqual([null, null, null, 4]);
  expect(summary({ name: 'b', values: [null, 3, 1, null] })).toEqual({
    least: 1,
    most: 3,
    newest: 1,
  });
});

it('needs a time and a sum', () => {
  expect(hasTime(columns)).toBe(true);
  expect(hasTime(columns.slice(1))).toBe(false);
  expect(hasTime(columns.slice(0, 2))).toBe(false);
  expect(chartOf(columns, [], 'sum_bytes')).toEqual({ times: [], series: [], more: 0 });
});
