// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { firstWholeStep, rangeOf, ranges } from './ranges';

it('takes a range by its name, or the first', () => {
  expect(rangeOf('24h').stepMs).toBe(900_000);
  expect(rangeOf('<x>').name).toBe('15m');
  expect(rangeOf(undefined, ranges.slice(1)).name).toBe('1h');
});

it('begins at a whole step', () => {
  const range = rangeOf('15m');
  expect(firstWholeStep(930_000, range)).toBe(60_000);
  expect(firstWholeStep(960_000, range)).toBe(60_000);
});
