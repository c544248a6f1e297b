// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { LiveFlow } from './flow_record';
import { liveOrder } from './live_order';

const flow = (id: number, packets: number) => ({ id, packets, observer: 'a' }) as LiveFlow;
const ids = (of: { flows: readonly LiveFlow[] }) => of.flows.map((one) => one.id);
const down = { key: 'packets', descending: true };

it('keeps the order while one looks, and puts new ones behind', () => {
  const first = liveOrder([flow(1, 5), flow(2, 9)], down, undefined);
  expect(ids(first)).toEqual([2, 1]);
  const changed = [flow(4, 30), flow(3, 40), flow(1, 20), flow(2, 9)];
  const held = liveOrder(changed, { ...down }, first.order);
  expect(ids(held)).toEqual([2, 1, 3, 4]);
  expect(ids(liveOrder(changed.slice(1), down, held.order))).toEqual([2, 1, 3]);
  expect(ids(liveOrder(changed, down, undefined))).toEqual([3, 4, 1, 2]);
});

it('makes another order for another sort at once', () => {
  const flows = [flow(1, 5), flow(2, 9)];
  const { order } = liveOrder(flows, down, undefined);
  expect(ids(liveOrder(flows, { ...down, descending: false }, order))).toEqual([1, 2]);
  expect(liveOrder(flows, { key: 'bytes', descending: true }, order).order.sort.key).toBe('bytes');
});
