// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { bitRate, bytes, count, duration, percent, smallPercent } from './numbers';

it('has three digits and a unit', () => {
  expect([0, 7, 999, 1000, 1234, 999_950, 1.5e9].map(count)).toEqual([
    '0',
    '7',
    '999',
    '1.00 k',
    '1.23 k',
    '1.00 M',
    '1.50 G',
  ]);
  expect([0, 1023, 1024, 1048576 * 1.5].map(bytes)).toEqual([
    '0 B',
    '1023 B',
    '1.00 KiB',
    '1.50 MiB',
  ]);
  expect(bitRate(125)).toBe('1.00 kbit/s');
  expect([0, 0.005, 0.5, 1].map(percent)).toEqual(['0 %', '0.5 %', '50 %', '100 %']);
  expect([0, 0.0001, 0.01].map(smallPercent)).toEqual(['0 %', '< 0.1 %', '1.0 %']);
  expect([0.16, 5, 250, 2500, 65_000, 3_900_000, 200_000_000].map(duration)).toEqual([
    '160 µs',
    '5.00 ms',
    '250 ms',
    '2.50 s',
    '1 min 5 s',
    '1 h 5 min',
    '2 d 7 h',
  ]);
});
