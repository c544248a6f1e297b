// SPDX-License-Identifier: Apache-2.0
// What the overview asks. Links of its numbers lead to the same texts.
import { INSIDE } from '../../api/query';
import { ranges, type Range } from '../../format/ranges';

export const overviewRanges: readonly Range[] = ranges.filter(({ name }) => name !== '6h');

const SUMS =
  'sum bytes, reverse_bytes, packets, reverse_packets, retransmits, reverse_retransmits, connections, flows by direction, protocol';

export const LIVE_STEP_MS = 2_000;
export const liveQuery = `${INSIDE} | ${SUMS} every 2s`;
export const historyQuery = (range: Range) => `flows ${INSIDE} | ${SUMS} every ${range.step}`;

export const dropsQuery = (range: Range) =>
  `drops | sum packets by drop.reason, drop.hook every ${range.step}`;
export const DROPS_NOW = 'drops | sum packets | last 1m';

export type Grouping = 'workloads' | 'namespaces' | 'addresses' | 'processes';
export const groupings: readonly Grouping[] = ['workloads', 'namespaces', 'addresses', 'processes'];

const groups: Record<Grouping, readonly string[]> = {
  workloads: ['src.namespace', 'src.workload', 'dst.namespace', 'dst.workload'],
  namespaces: ['src.namespace', 'dst.namespace'],
  addresses: ['src.ip', 'dst.ip'],
  processes: ['src.process', 'dst.process'],
};
export const groupFields = (grouping: Grouping) => groups[grouping];
export const talkersQuery = (grouping: Grouping) =>
  `flows ${INSIDE} | top 8 ${groups[grouping].join(', ')} by total_bytes`;

/** Sums behind one number of a tile: a filter beside INSIDE, and what is summed up. */
export const behind = {
  in: `${INSIDE} (direction=ingress or direction=egress) | sum bytes, reverse_bytes by direction`,
  between: `${INSIDE} direction=inter-node | sum total_bytes by src.node, dst.node`,
  within: `${INSIDE} direction=intra-node | sum total_bytes by observer`,
  connections: `${INSIDE} | sum connections by protocol, direction`,
  retransmits: `${INSIDE} protocol=tcp | sum retransmits, reverse_retransmits, packets, reverse_packets by direction`,
  drops: 'drops | sum packets by drop.reason, drop.hook | order by sum_packets desc',
  all: `${INSIDE} | sum total_bytes by direction, protocol | order by sum_total_bytes desc`,
};
