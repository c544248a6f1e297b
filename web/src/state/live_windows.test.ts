// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { stepsBetween } from './live_windows.svelte';

it('counts the steps that are missing', () => {
  const time = (second: number) => new Date(second * 1000).toISOString();
  const between = (until: number, since: number) =>
    stepsBetween({ until: time(until) }, { since: time(since) }, 2_000);
  expect([between(2, 2), between(2, 4), between(2, 9), between(4, 2)]).toEqual([0, 1, 4, 0]);
  expect(stepsBetween(undefined, { since: time(9) }, 2_000)).toBe(0);
  expect(stepsBetween({ until: time(2) }, { since: time(9) }, 0)).toBe(0);
});
