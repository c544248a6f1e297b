// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { stepPaths } from './sparkline';

it('draws steps, and nothing where nothing is known', () => {
  const steps = [
    { from: 0, until: 10, value: 5 },
    { from: 10, until: 20, value: 10 },
    { from: 20, until: 30, value: null },
    { from: 30, until: 40, value: 0 },
  ];
  const { line, ground, most } = stepPaths(steps, [0, 40], 40, 12);
  expect(most).toBe(10);
  expect(line).toBe('M0 6H10V1H20M30 11H40');
  expect(ground).toBe('M0 6H10V1H20V12H0ZM30 11H40V12H30Z');
});

it('has no line of nothing', () => {
  expect(stepPaths([], [0, 1], 10, 10).line).toBe('');
  expect(stepPaths([{ from: 0, until: 1, value: 0 }], [0, 1], 10, 10).line).toBe('');
});
