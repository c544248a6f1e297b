// SPDX-License-Identifier: Apache-2.0
// Traffic of tunnels as a matrix of nodes: who sends how much to whom.
import type { Readings } from '../../state/counter_rates.svelte';
import { parseTime } from '../../format/time';
import type { FlannelAnswer, TunnelRow, TunnelsAnswer } from './types';

export function keyOf(row: TunnelRow): string {
  const { node, tunnel, vni, outer_src_ip, outer_dst_ip, direction, ifindex } = row;
  return JSON.stringify([node ?? '', tunnel, vni, outer_src_ip, outer_dst_ip, direction, ifindex]);
}

/** Packets and bytes of each row, when its node counted them. */
export function readingsOf(answer: TunnelsAnswer): Readings {
  const times = new Map(
    (answer.nodes ?? []).map((one) => [one.node, parseTime(one.last_updated)] as const),
  );
  const own = parseTime(answer.last_updated);
  return new Map(
    answer.tunnels.map((row) => [
      keyOf(row),
      { at: times.get(row.node ?? '') ?? own, values: [row.packets, row.bytes] },
    ]),
  );
}

/**
 * Names of tunnels' ends: what nodes declare, then what is at the own devices, then whose
 * agent sees an address send. An address that two nodes send from has no name.
 */
export function nodeNames(answer: TunnelsAnswer, flannel?: FlannelAnswer): Map<string, string> {
  const names = new Map<string, string>();
  for (const node of flannel?.nodes ?? [])
    for (const address of [
      node.public_ip,
      node.public_ipv6,
      node.public_ip_overwrite,
      node.public_ipv6_overwrite,
      node.internal_ip,
    ])
      if (address) names.set(address, node.node_name);
  for (const device of flannel?.devices ?? [])
    if (device.local_ip && flannel?.node_name && !names.has(device.local_ip))
      names.set(device.local_ip, flannel.node_name);
  const senders = new Map<string, Set<string>>();
  for (const row of answer.tunnels) {
    const node = row.node ?? answer.node_name;
    if (!node) continue;
    const address = row.direction === 'egress' ? row.outer_src_ip : row.outer_dst_ip;
    senders.set(address, (senders.get(address) ?? new Set()).add(node));
  }
  for (const [address, nodes] of senders) {
    const [node] = nodes;
    if (node && nodes.size === 1 && !names.has(address)) names.set(address, node);
  }
  return names;
}

export interface Amount {
  packets: number;
  bytes: number;
  /** A second; undefined while one answer alone is there. */
  packetRate: number | undefined;
  byteRate: number | undefined;
}

export interface Cell {
  from: string;
  to: string;
  fromAddresses: string[];
  toAddresses: string[];
  /** As the sender's agent saw it leave, and the receiver's agent saw it come. */
  sent?: Amount;
  received?: Amount;
}

export interface Matrix {
  nodes: string[];
  /** By from, then to. */
  cells: Map<string, Map<string, Cell>>;
  /** Nodes whose agent is in the answer: of others nobody knows what they send each other. */
  observed: Set<string>;
  /** Largest weight. */
  most: number;
}

type RateOf = (key: string) => readonly number[] | undefined;

function add(amount: Amount | undefined, row: TunnelRow, rates: readonly number[] | undefined) {
  const sum = amount ?? { packets: 0, bytes: 0, packetRate: undefined, byteRate: undefined };
  sum.packets += row.packets;
  sum.bytes += row.bytes;
  if (rates) {
    sum.packetRate = (sum.packetRate ?? 0) + (rates[0] ?? 0);
    sum.byteRate = (sum.byteRate ?? 0) + (rates[1] ?? 0);
  }
  return sum;
}

export const compareNames = new Intl.Collator('en', { numeric: true }).compare;

export function matrixOf(
  answer: TunnelsAnswer,
  rows: readonly TunnelRow[],
  names: ReadonlyMap<string, string>,
  rateOf: RateOf,
): Matrix {
  const cells = new Map<string, Map<string, Cell>>();
  const nodes = new Set<string>();
  const observed = new Set<string>();
  for (const one of answer.nodes ?? []) observed.add(one.node);
  if (answer.node_name) observed.add(answer.node_name);
  for (const row of rows) {
    if (row.counted_above) continue;
    const from = names.get(row.outer_src_ip) ?? row.outer_src_ip;
    const to = names.get(row.outer_dst_ip) ?? row.outer_dst_ip;
    nodes.add(from).add(to);
    const line = cells.get(from) ?? new Map<string, Cell>();
    cells.set(from, line);
    const cell = line.get(to) ?? { from, to, fromAddresses: [], toAddresses: [] };
    line.set(to, cell);
    if (!cell.fromAddresses.includes(row.outer_src_ip)) cell.fromAddresses.push(row.outer_src_ip);
    if (!cell.toAddresses.includes(row.outer_dst_ip)) cell.toAddresses.push(row.outer_dst_ip);
    const rates = rateOf(keyOf(row));
    if (row.direction === 'egress') cell.sent = add(cell.sent, row, rates);
    else cell.received = add(cell.received, row, rates);
  }
  let most = 0;
  for (const line of cells.values())
    for (const cell of line.values()) most = Math.max(most, weightOf(cell));
  return { nodes: [...nodes].sort(compareNames), cells, observed, most };
}

/** What is told of a pair: what was sent, else what came. */
export function amountOf(cell: Cell | undefined): Amount | undefined {
  return cell?.sent ?? cell?.received;
}

/** Bytes a second; before they are known, bytes. */
export function weightOf(cell: Cell): number {
  const amount = amountOf(cell);
  return amount?.byteRate ?? amount?.bytes ?? 0;
}

/** 0 to 1, by magnitude: a tenth of the most is still well seen. */
export function shade(value: number, most: number): number {
  if (!(value > 0) || most <= 0) return 0;
  return Math.min(1, Math.max(0.08, 1 + Math.log10(value / most) / 4));
}

/** Outer packets of a pair, one way. */
export function outerQuery(from: readonly string[], to: readonly string[]): string {
  const set = (field: string, values: readonly string[]) =>
    values.length === 1 ? `${field}=${values[0]}` : `${field} in (${values.join(', ')})`;
  return `${set('src.ip', from)} ${set('dst.ip', to)}`;
}
