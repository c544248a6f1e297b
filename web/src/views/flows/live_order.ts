// SPDX-License-Identifier: Apache-2.0
// Rows that change and are sorted: while one looks they keep the order that they had.
import type { TableSort } from '../../parts/DataTable.svelte';
import { sortedBy, sortField } from './columns';
import { liveCell, liveKey, type LiveFlow } from './flow_record';

export interface LiveOrder {
  /** What it was made for. */
  sort: TableSort;
  keys: readonly string[];
}

/** `held`: the order before, which stays where it is of the same sort; new ones come last. */
export function liveOrder(
  flows: readonly LiveFlow[],
  sort: TableSort,
  held: LiveOrder | undefined,
): { flows: readonly LiveFlow[]; order: LiveOrder } {
  const key = sortField(sort.key);
  const sorted = sortedBy(flows, (flow) => liveCell(flow, key), sort.descending);
  const same = held && held.sort.key === sort.key && held.sort.descending === sort.descending;
  if (!same) return { flows: sorted, order: { sort, keys: sorted.map(liveKey) } };
  const left = new Map(sorted.map((flow) => [liveKey(flow), flow]));
  const kept: LiveFlow[] = [];
  for (const one of held.keys) {
    const flow = left.get(one);
    if (flow) kept.push(flow);
    left.delete(one);
  }
  const all = [...kept, ...left.values()];
  return { flows: all, order: { sort, keys: all.map(liveKey) } };
}
