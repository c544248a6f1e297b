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

const tuple = (port: number) => ({
  protocol: 'tcp',
  ...{ src_ip: 'a', src_port: port, dst_ip: 'b', dst_port: 80 },
});

it('keeps what was told while a list was on its way', () => {
  const list = new LiveList();
  list.listen();
  list.take(flow(1, 9));
  // Not shown yet, and newer than the list; the server's list says `node`.
  const { observer: node, ...listed } = flow(1, 2);
  list.seed([{ ...listed, node } as LiveFlow, flow(2, 1)]);
  expect(list.flush(false)?.map((row) => [row.id, row.packets])).toEqual([
    [2, 1],
    [1, 9],
  ]);
  expect(list.has('a 1') && !list.has('a 3')).toBe(true);
});

it('doubts what neither a list nor the stream tells after a break', () => {
  const list = new LiveList();
  for (let id = 1; id <= 5; id += 1) list.take(flow(id, 1, { ...tuple(id), ended: id === 5 }));
  list.flush(false);
  list.listen();
  list.take(flow(1, 2, tuple(1)));
  // 4 is told by another node.
  list.seed([
    flow(6, 1, tuple(6)),
    flow(2, 7, tuple(2)),
    flow(44, 1, { ...tuple(4), observer: 'b' }),
  ]);
  const rows = new Map(list.flush(false)?.map((row) => [row.id, row]));
  expect([...rows.keys()]).toEqual([6, 44, 5, 4, 3, 2, 1]);
  expect([...rows.values()].filter((row) => row.unsure).map((row) => row.id)).toEqual([3]);
  expect([rows.get(1)?.packets, rows.get(2)?.packets]).toEqual([2, 7]);
  list.take(flow(3, 5, tuple(3)));
  expect(list.flush(false)?.some((row) => row.unsure)).toBe(false);
});
