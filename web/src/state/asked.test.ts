// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Asked, askEvery } from './asked.svelte';

const page = Object.assign(new EventTarget(), { hidden: false });
const show = (shown: boolean) => {
  page.hidden = !shown;
  page.dispatchEvent(new Event('visibilitychange'));
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', page);
});
afterEach(() => {
  page.hidden = false;
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('asks again soon after a failure', async () => {
  const question = vi.fn().mockRejectedValueOnce(new Error('no')).mockResolvedValue(1);
  const end = askEvery(new Asked<number>(), 900_000, question);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(question).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(question).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(890_000);
  expect(question).toHaveBeenCalledTimes(2);
  end();
});

it('asks at once when an old answer is seen again', async () => {
  const question = vi.fn().mockResolvedValue(1);
  const end = askEvery(new Asked<number>(), 60_000, question);
  await vi.advanceTimersByTimeAsync(1_000);
  show(false);
  await vi.advanceTimersByTimeAsync(10_000);
  show(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(question).toHaveBeenCalledTimes(1);
  show(false);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(question).toHaveBeenCalledTimes(1);
  show(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(question).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(question).toHaveBeenCalledTimes(3);
  end();
  show(true);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(question).toHaveBeenCalledTimes(3);
});

it('asks once it is seen where the tab began hidden', async () => {
  const question = vi.fn().mockResolvedValue(1);
  page.hidden = true;
  const end = askEvery(new Asked<number>(), 60_000, question);
  expect(question).toHaveBeenCalledTimes(0);
  show(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(question).toHaveBeenCalledTimes(1);
  end();
});
