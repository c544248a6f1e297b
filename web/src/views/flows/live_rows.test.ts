// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StreamHandlers } from '../../api/stream';
import type { LiveFlow } from './flow_record';

let handlers: StreamHandlers;
vi.mock('../../api/stream', () => ({
  ApiStream: class {
    constructor(_path: string, _params: unknown, given: StreamHandlers) {
      handlers = given;
    }
    pause() {}
    close() {}
  },
}));
const ask = vi.hoisted(() => vi.fn());
vi.mock('../../api/http', () => ({ ask }));
const { LiveRows } = await import('./live_rows.svelte');

const flow = (id: number, packets: number, of: Partial<LiveFlow>) =>
  ({ id, packets, ended: false, src_port: id, ...of }) as LiveFlow;
const told = (id: number, packets = 1) => flow(id, packets, { observer: 'a' });
const listed = (id: number, packets = 1) => flow(id, packets, { node: 'a' });
const tell = (name: string, data: unknown) =>
  handlers.onEvent({ name, data: JSON.stringify(data) });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('asks for what there is at the beginning and after each break', async () => {
  let answer = (_: { flows: LiveFlow[] }) => {};
  ask.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  const live = new LiveRows('', true);
  expect(ask).not.toHaveBeenCalled();
  tell('hello', {});
  expect(ask).toHaveBeenCalledTimes(1);
  tell('flow', told(1, 9));
  // Slow, and older than what was told meanwhile.
  answer({ flows: [listed(1, 2), listed(2)] });
  await vi.advanceTimersByTimeAsync(400);
  const shown = () => new Map(live.rows.map((one) => [one.id, one]));
  expect([...shown()].map(([id, one]) => [id, one.packets])).toEqual([
    [2, 1],
    [1, 9],
  ]);
  expect(live.breaks).toBe(0);

  await vi.advanceTimersByTimeAsync(5000);
  tell('hello', {});
  await vi.advanceTimersByTimeAsync(0);
  expect([live.breaks, ask.mock.calls.length]).toEqual([1, 2]);
  answer({ flows: [listed(3), listed(1, 12)] });
  await vi.advanceTimersByTimeAsync(400);
  expect([shown().get(1)?.packets, shown().get(1)?.unsure]).toEqual([12, undefined]);
  expect([shown().get(2)?.unsure, shown().get(3)?.unsure]).toEqual([true, undefined]);

  tell('agent', { node: 'a', state: 'left', problem: 'it cannot be reached' });
  await vi.advanceTimersByTimeAsync(400);
  expect([...live.away]).toEqual([['a', 'it cannot be reached']]);
  expect(live.rows.every((one) => one.unsure)).toBe(true);
  live.close();
});

it('asks not more often than every few seconds', async () => {
  ask.mockReset().mockImplementation(() => new Promise(() => {}));
  const live = new LiveRows('', false);
  for (let turn = 0; turn < 10; turn += 1) {
    tell('hello', {});
    await vi.advanceTimersByTimeAsync(500);
  }
  await vi.advanceTimersByTimeAsync(5000);
  expect(ask.mock.calls.length).toBeLessThanOrEqual(4);
  live.close();
});
