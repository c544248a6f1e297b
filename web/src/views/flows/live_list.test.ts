// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { LiveFlow } from './flow_record';
import { LiveList } from './live_list';

const flow = (id: number, packets: number, more = {}) =>
  ({ id, packets, observer: 'a', ended: false, ...more }) as LiveFlow;

it('writes a change into its line', () => {
  const list = new LiveList();
  list.take(flow(1, 1));
  list.take(flow(2, 1));
  expect(list.flush(false)?.map((row) => row.id)).toEqual([2, 1]);
  expect(list.flush(false)).toBeUndefined();
  list.take(flow(1, 5));
  expect(list.flush(false)?.map((row) => row.packets)).toEqual([1, 5]);
  // Of another agent: another flow.
  list.take(flow(1, 9, { observer: 'b' }));
  expect(list.flush(false)?.length).toBe(3);
});

it('moves nothing while it is held', () => {
  const list = new LiveList();
  list.take(flow(1, 1));
  list.flush(false);
  list.take(flow(2, 1));
  list.take(flow(2, 2));
  list.take(flow(1, 7));
  expect(list.flush(true)?.map((row) => [row.id, row.packets])).toEqual([[1, 7]]);
  expect(list.waiting).toBe(1);
  expect(list.flush(false)?.map((row) => [row.id, row.packets])).toEqual([
    [2, 2],
    [1, 7],
  ]);
});

it('keeps so many at most, the newest', () => {
  const list = new LiveList(3);
  for (let id = 0; id < 10; id += 1) list.take(flow(id, 1));
  expect(list.waiting).toBe(3);
  expect(list.flush(false)?.map((row) => row.id)).toEqual([9, 8, 7]);
  list.take(flow(10, 1));
  expect(list.flush(false)?.map((row) => row.id)).toEqual([10, 9, 8]);
  // One that fell out comes anew.
  list.take(flow(7, 2));
  expect(list.flush(false)?.map((row) => row.id)).toEqual([7, 10, 9]);
});

it('ends a line that was merged into another', () => {
  const list = new LiveList();
  list.take(flow(1, 1, { merged_into: 2 }));
  expect(list.flush(false)?.[0]?.ended).toBe(true);
});
