// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { ratesBetween } from './counter_rates.svelte';

it('divides what was gained by the time of who counts', () => {
  const before = new Map([
    ['a', { at: 1000, values: [10, 100] }],
    ['restarted', { at: 1000, values: [10] }],
    ['gone', { at: 1000, values: [1] }],
    ['same', { at: 1000, values: [1] }],
  ]);
  const after = new Map([
    ['a', { at: 3000, values: [30, 100] }],
    ['restarted', { at: 3000, values: [2] }],
    ['new', { at: 3000, values: [7] }],
    ['same', { at: 1000, values: [1] }],
  ]);
  expect([...ratesBetween(before, after)]).toEqual([['a', [10, 0]]]);
});
