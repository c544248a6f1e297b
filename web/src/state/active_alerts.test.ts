// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { activeAlerts } from './active_alerts.svelte';

const alert = (id: string, state = 'active') => ({ node: 'a', id, state, count: 1 });
const whole = (...ids: string[]) => ({
  alerts: ids.map((id) => alert(id)),
  next_cursor: null,
  completeness: { agents: 1, answered: 1, missing: [] },
});
let list: object = whole();
let lists = 0;
let stream: ReadableStreamDefaultController<Uint8Array>;
const tell = async (name: string, data: object) => {
  const text = `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  stream.enqueue(new TextEncoder().encode(text));
  await vi.advanceTimersByTimeAsync(200);
};
const active = () => [...activeAlerts.alerts.values()].map(({ id }) => id);

beforeAll(() => {
  vi.useFakeTimers();
  vi.stubGlobal(
    'document',
    Object.assign(new EventTarget(), { hidden: false, baseURI: 'http://page/' }),
  );
  vi.stubGlobal('fetch', (url: string) => {
    if (url.endsWith('/stream'))
      return Promise.resolve(
        new Response(new ReadableStream({ start: (begun) => void (stream = begun) })),
      );
    lists += 1;
    return Promise.resolve(Response.json(list));
  });
});
afterAll(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('says what is known of alerts', async () => {
  expect(activeAlerts.known).toBe(false);
  activeAlerts.begin();
  await vi.advanceTimersByTimeAsync(10);
  expect([activeAlerts.state.is, activeAlerts.known]).toEqual(['live', false]);
  list = whole('1');
  await tell('hello', {});
  await tell('alert', alert('2'));
  expect([activeAlerts.known, active()]).toEqual([true, ['1', '2']]);

  // Nobody tells of a node: what was active there stays, and is not sure.
  const missing = [{ node: 'a', address: '', problem: 'gone' }];
  list = { ...whole(), partial: true, completeness: { agents: 1, answered: 0, missing } };
  await tell('agent', { node: 'a', state: 'left', problem: 'gone' });
  expect(activeAlerts.known).toBe(false);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([activeAlerts.known, active()]).toEqual([false, ['1', '2']]);
  expect(lists).toBeLessThan(6);

  list = whole('2');
  await tell('agent', { node: 'a', state: 'joined' });
  await vi.advanceTimersByTimeAsync(2_000);
  expect([activeAlerts.known, active()]).toEqual([true, ['2']]);

  await tell('lost', { lost: 0, problem: 'no agent told what is active now' });
  expect(activeAlerts.known).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(activeAlerts.known).toBe(true);
  stream.close();
  await vi.advanceTimersByTimeAsync(10);
  expect([activeAlerts.state.is, activeAlerts.known, active()]).toEqual(['broken', false, ['2']]);
});
