// SPDX-License-Identifier: Apache-2.0
// The points of one node, in the order of a packet of src's.
import type { LossPoint, Observation } from './path_types';

export interface Counted {
  packets: number;
  bytes: number;
}

export interface Stop {
  key: string;
  /** An end of the flow, a point that counts, or a node whose points are not told. */
  kind: 'src' | 'dst' | 'point' | 'node';
  /** '' is outside of all nodes that are watched. */
  node: string;
  name: string;
  /** Of an end: the node that it is on, whether or not that tells of the flow. */
  home?: string;
  role?: string;
  process?: string;
  port?: number;
  /** Way of a packet of src's at this hook. */
  side?: 'in' | 'out';
  tunnel?: string;
  vni?: number;
  outer?: string;
  translated?: boolean;
  forward?: Counted;
  reverse?: Counted;
}

const RANKS: Record<string, [ingress: number, egress: number]> = {
  uplink: [0, 6],
  host: [0, 6],
  tunnel: [1, 4],
  pod: [1, 6],
  bridge: [2, 4],
  // What is sent to oneself leaves first.
  loopback: [5, 3],
};

function rank(one: { role: string; direction: string }): number {
  const [ingress, egress] = RANKS[one.role] ?? [2, 4];
  return one.direction === 'ingress' ? ingress : egress;
}

const byRank = (a: Observation, b: Observation) => rank(a) - rank(b);

export function keyOf(node: string, one: LossPoint, way: 'forward' | 'reverse'): string {
  const side = (one.direction === 'ingress') === (way === 'forward') ? 'in' : 'out';
  return `${node}|${one.interface}|${side}`;
}

function pointOf(node: string, one: Observation, way: 'forward' | 'reverse'): Stop {
  const key = keyOf(node, one, way);
  return {
    key,
    kind: 'point',
    node,
    name: one.interface,
    role: one.role,
    side: key.endsWith('|in') ? 'in' : 'out',
    ...(one.tunnel ? { tunnel: one.tunnel } : {}),
    ...(one.vni !== undefined ? { vni: one.vni } : {}),
    ...(one.outer_src_ip ? { outer: `${one.outer_src_ip} → ${one.outer_dst_ip ?? ''}` } : {}),
    ...(one.translated ? { translated: true } : {}),
  };
}

/** The points of one node, in the order of a packet of src's. */
export function pointsOf(node: string, observations: readonly Observation[]): Stop[] {
  const stops: Stop[] = [];
  const seen = (one: Observation) => one.packets > 0 || one.reverse_packets === 0;
  for (const one of observations.filter(seen).sort(byRank)) {
    const stop = pointOf(node, one, 'forward');
    const known = stops.find((other) => other.key === stop.key);
    const counted = { packets: one.packets, bytes: one.bytes };
    if (known) known.forward = sum(known.forward, counted);
    else stops.push({ ...stop, forward: counted });
  }
  // What comes back takes the same points from their end; a point of its own stands behind
  // the one that it came through after.
  let at = stops.length;
  for (const one of observations.filter((one) => one.reverse_packets > 0).sort(byRank)) {
    const stop = pointOf(node, one, 'reverse');
    const counted = { packets: one.reverse_packets, bytes: one.reverse_bytes };
    const known = stops.findIndex((other) => other.key === stop.key);
    if (known >= 0) {
      const there = stops[known] as Stop;
      there.reverse = sum(there.reverse, counted);
      at = known;
    } else {
      stops.splice(at, 0, { ...stop, reverse: counted });
    }
  }
  return stops;
}

const sum = (a: Counted | undefined, b: Counted): Counted => ({
  packets: (a?.packets ?? 0) + b.packets,
  bytes: (a?.bytes ?? 0) + b.bytes,
});
