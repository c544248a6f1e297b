// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { columnsOf, gapsOf, stepAt, stepsOf, type Timeline } from './timeline';

const line: Timeline = {
  range: [0, 100],
  from: [20, 30, 60, 70],
  until: [30, 40, 70, 90],
  values: [
    [1, 2, null, 4],
    [5, 6, null, 8],
  ],
};

it('finds what is not known', () => {
  expect(gapsOf(line)).toEqual([
    [0, 20],
    [40, 70],
    [90, 100],
  ]);
  expect(gapsOf({ range: [0, 10], from: [], until: [], values: [] })).toEqual([[0, 10]]);
  expect(gapsOf({ range: [0, 10], from: [-5], until: [10.2], values: [[1]] })).toEqual([]);
});

it('ends a step before a gap', () => {
  expect(columnsOf(line)).toEqual([
    [20, 30, 40, 40.25, 60, 70, 90],
    [1, 2, 2, null, null, 4, 4],
    [5, 6, 6, null, null, 8, 8],
  ]);
});

it('finds the step of a moment', () => {
  expect([10, 25, 35, 50, 90, 95].map((at) => stepAt(line, at))).toEqual([-1, 0, 1, -1, 3, -1]);
  expect(stepsOf(line, 1)[1]).toEqual({ from: 30, until: 40, value: 6 });
});
