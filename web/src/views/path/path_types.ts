// SPDX-License-Identifier: Apache-2.0
// What the API tells of one flow: /api/flows, /api/losses, /api/drops, /api/connections.
import type { LiveFlow } from '../flows/flow_record';

export interface Tuple {
  protocol: string;
  src_ip: string;
  src_port: number;
  dst_ip: string;
  dst_port: number;
}

export interface Observation {
  interface: string;
  role: string;
  direction: 'ingress' | 'egress';
  depth: number;
  packets: number;
  bytes: number;
  reverse_packets: number;
  reverse_bytes: number;
  translated?: boolean;
  tunnel?: string;
  vni?: number;
  outer_src_ip?: string;
  outer_dst_ip?: string;
}

export interface LossPoint {
  interface: string;
  role: string;
  direction: 'ingress' | 'egress';
}

export interface PacketLoss {
  node?: string;
  from: LossPoint;
  to: LossPoint | null;
  flow: Tuple & {
    id: number;
    src_name?: string;
    dst_name?: string;
    src_node?: string;
    dst_node?: string;
  };
  packets: number;
  entered: number;
  left: number;
  last_seen: string;
  explained_by: { reason: string; location: string; packets: number }[];
  unexplained: number;
}

/** One node's half of a flow, as netprobe-server tells it. */
export interface FlowSide {
  node: string;
  packets: number;
  bytes: number;
  reverse_packets: number;
  reverse_bytes: number;
  handshake_rtt_ms?: number;
  rtt_ms?: number;
  observations?: Observation[];
}

export interface Sides {
  client: FlowSide | null;
  server: FlowSide | null;
  lost_packets?: number;
  reverse_lost_packets?: number;
  between_nodes_rtt_ms?: number;
  note?: string;
}

export interface PathFlow extends LiveFlow {
  direction: string;
  observations: Observation[];
  losses?: PacketLoss[];
  sides?: Sides;
  src_name?: string;
  dst_name?: string;
  src_node?: string;
  dst_node?: string;
  service?: string;
  verdict?: string;
  handshake_rtt_ms?: number;
  handshake_client_ms?: number;
  handshake_server_ms?: number;
  rtt_ms?: number;
  packets_per_second: number;
  bytes_per_second: number;
  retransmits?: number;
  reverse_retransmits?: number;
  icmp_errors?: number;
  path_mtu?: number;
  path_mtu_errors?: number;
}

export interface Drop extends Tuple {
  node?: string;
  reason: string;
  hook: string;
  location: string;
  interface: string;
  count: number;
  bytes: number;
  last_seen: string;
}

export interface Connection extends Tuple {
  node?: string;
  id: number;
  role: string;
  state: string;
  verdict: string;
  pid?: number;
  process?: string;
  ended: boolean;
  bytes_sent: number;
  bytes_received: number;
  rtt_ms?: number;
  min_rtt_ms?: number;
  retransmits?: number;
  congestion_window?: number;
}

/** In JSON text: what is asked by a tuple, whichever side is its source. */
export function sameFlow(a: Tuple, b: Tuple): 'same' | 'turned' | undefined {
  if (a.protocol !== b.protocol) return undefined;
  const ends = (one: Tuple) => [`${one.src_ip} ${one.src_port}`, `${one.dst_ip} ${one.dst_port}`];
  const [a1, a2] = ends(a);
  const [b1, b2] = ends(b);
  return a1 === b1 && a2 === b2 ? 'same' : a1 === b2 && a2 === b1 ? 'turned' : undefined;
}

/** The busiest first; of a flow that two nodes tell of, the one that sees more of it. */
export function busiestOf<T extends Tuple & { bytes_per_second: number }>(
  flows: readonly T[],
): T[] {
  return [...flows]
    .sort((a, b) => b.bytes_per_second - a.bytes_per_second)
    .filter((flow, index, all) => all.findIndex((other) => sameFlow(other, flow)) === index);
}
