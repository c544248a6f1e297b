// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { QueryAnswer } from '../../api/types';
import { classQuery, heatOf, isKnown, strength } from './heat';

const time = (second: number) => new Date(second * 1000).toISOString();
const answer = (rows: unknown[][], type = 'duration') =>
  ({
    columns: [
      { name: 'time', type: 'time' },
      { name: 'le', type },
      { name: 'count', type: 'count' },
    ],
    rows,
    since: time(0),
    until: null,
    kept_since: time(70),
    completeness: { until: time(200) },
  }) as unknown as QueryAnswer;

it('is a grid of the classes that there are', () => {
  const heat = heatOf(
    answer([
      [time(60), 0.5, 3],
      [time(180), 2.5, 1],
      [time(180), 5, 2],
    ]),
    60_000,
    [0, 240_000],
  );
  expect(heat.times).toEqual([0, 60_000, 120_000, 180_000]);
  expect(heat.classes.map(({ high }) => high)).toEqual([5, 2.5, 1, 0.5]);
  expect(heat.classes.at(-1)?.low).toBe(0.25);
  expect(heat.counts).toEqual([
    [0, 0, 0, 2],
    [0, 0, 0, 1],
    [0, 0, 0, 0],
    [0, 3, 0, 0],
  ]);
  expect([heat.most, heat.total]).toEqual([3, 6]);
  expect([0, 1, 2, 3].map((column) => isKnown(heat, column))).toEqual([false, true, true, true]);
});

it('has a class above all bounds, and none of nothing', () => {
  const heat = heatOf(answer([[time(0), '+Inf', 1]]), 60_000, [0, 60_000]);
  expect(heat.classes[0]).toEqual({ low: 10_000, high: undefined });
  expect(heatOf(answer([]), 60_000, [0, 60_000]).classes).toEqual([]);
  const counts = heatOf(answer([[time(0), 16, 1]], 'count'), 60_000, [0, 60_000]);
  expect(counts.classes.map(({ high }) => high)).toEqual([16, 8, 4, 2]);
});

it('asks for what a cell holds', () => {
  expect(classQuery('rtt', { low: 0.25, high: 0.5 }, true)).toBe('rtt>250us rtt<=500us');
  expect(classQuery('rtt', { low: undefined, high: 0.05 }, true)).toBe('rtt<=50us');
  expect(classQuery('retransmits', { low: 4, high: undefined }, false)).toBe('retransmits>4');
});

it('shows what is there', () => {
  expect([strength(0, 9), strength(1, 100), strength(100, 100), strength(1, 1)]).toEqual([
    0, 0.14, 1, 1,
  ]);
});
