// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { durationMs, localInput } from './time_range';

it('reads durations', () => {
  expect(['5m', '1h30m', '2d', '45s'].map(durationMs)).toEqual([
    300_000, 5_400_000, 172_800_000, 45_000,
  ]);
  expect(['', '5', 'm', '2026-11-27', '5m '].map(durationMs)).toEqual(
    Array.from({ length: 5 }, () => Number.NaN),
  );
});

it('writes what an input of the browser takes', () => {
  const now = new Date(2026, 10, 27, 17, 5, 9).getTime();
  expect(localInput(now)).toBe('2026-11-27T17:05:09');
  expect(localInput(Number.NaN, '5m', now)).toBe('2026-11-27T17:00:09');
  expect(localInput(Number.NaN, '')).toBe('');
});
