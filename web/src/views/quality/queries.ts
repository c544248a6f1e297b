// SPDX-License-Identifier: Apache-2.0
// What the view of quality asks: of TCP, beside the filter of who looks.
import { ranges, type Range } from '../../format/ranges';

export const qualityRanges: readonly Range[] = ranges;
export const DEFAULT_RANGE = '1h';

export type Metric = 'rtt' | 'handshake' | 'retransmits' | 'reverse_retransmits';
export const metrics: readonly Metric[] = [
  'rtt',
  'handshake',
  'retransmits',
  'reverse_retransmits',
];
export const isDuration = (metric: Metric) => metric === 'rtt' || metric === 'handshake';

/** The filter in parentheses: its `or` must not reach what stands beside it. */
export function base(filter: string, metric?: Metric): string {
  const own = metric && !isDuration(metric) ? ` ${metric}>0` : '';
  return `flows protocol=tcp${own}${filter ? ` (${filter})` : ''}`;
}

/** Where the filter begins in base(), for places of errors. */
export const filterOffset = (filter: string, metric?: Metric) =>
  base(filter, metric).length - filter.length - 1;

export const heatQuery = (filter: string, metric: Metric, step: string) =>
  `${base(filter, metric)} | histogram ${metric} every ${step}`;

const TROUBLE =
  'sum retransmits, reverse_retransmits, packets, reverse_packets, resets, reverse_resets, zero_windows, out_of_order';
export const troubleQuery = (filter: string, step: string) =>
  `${base(filter)} | ${TROUBLE} every ${step}`;

const QUANTILES = 'p50 rtt, p90 rtt, p99 rtt, p50 handshake, p99 handshake, sum connections';
export const summaryQuery = (filter: string) =>
  `${base(filter)} | ${QUANTILES}, ${TROUBLE.replace('sum ', '')}`;

export type Grouping = 'workloads' | 'namespaces' | 'nodes' | 'interface' | 'addresses' | 'port';
export const groupings: readonly Grouping[] = [
  'workloads',
  'namespaces',
  'nodes',
  'interface',
  'addresses',
  'port',
];
const fields: Record<Grouping, readonly string[]> = {
  workloads: ['src.namespace', 'src.workload', 'dst.namespace', 'dst.workload'],
  namespaces: ['src.namespace', 'dst.namespace'],
  nodes: ['src.node', 'dst.node'],
  interface: ['observer', 'interface'],
  addresses: ['src.ip', 'dst.ip'],
  port: ['dst.port'],
};
export const groupFields = (grouping: Grouping) => fields[grouping];

/** Columns of the table, as answers name them; any may come first. */
export const sorts = [
  'p99_rtt',
  'p50_rtt',
  'p99_handshake',
  'sum_retransmits',
  'sum_reverse_retransmits',
  'sum_resets',
  'sum_reverse_resets',
  'sum_zero_windows',
  'sum_out_of_order',
  'sum_connections',
] as const;
export type Sort = (typeof sorts)[number];
export const WORST = 25;

export const worstQuery = (filter: string, grouping: Grouping, sort: Sort) =>
  `${base(filter)} | p50 rtt, p99 rtt, p99 handshake, sum connections, ${TROUBLE.replace('sum ', '')} by ${fields[grouping].join(', ')} | order by ${sort} desc | limit ${WORST}`;
