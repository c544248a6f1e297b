// SPDX-License-Identifier: Apache-2.0
// Traffic out of rows by direction and protocol, of history and of live windows alike.
import { columnIndex, number, text } from '../../api/query';
import type { Cell, Column } from '../../api/types';

/** Sums of a span of time; bytes and packets inside of tunnels only (queries.ts). */
export interface Traffic {
  /** To the nodes from elsewhere, and from the nodes. */
  in: number;
  out: number;
  /** Both ways: through tunnels, or passing through. */
  between: number;
  /** Both ways, both ends on one node. */
  within: number;
  connections: number;
  retransmits: number;
  tcpPackets: number;
  packets: number;
}

export function noTraffic(): Traffic {
  return {
    in: 0,
    out: 0,
    between: 0,
    within: 0,
    connections: 0,
    retransmits: 0,
    tcpPackets: 0,
    packets: 0,
  };
}

export function addTraffic(sum: Traffic, more: Traffic): void {
  for (const key of Object.keys(sum) as (keyof Traffic)[]) sum[key] += more[key];
}

/** Reads one row after the other; where a column is missing it counts as 0. */
export function trafficReader(columns: Column[]): (row: Cell[]) => Traffic {
  const at = (name: string) => columnIndex(columns, name);
  const direction = at('direction');
  const protocol = at('protocol');
  const names = ['bytes', 'packets', 'retransmits', 'connections'] as const;
  const ways = names.map((name) => [at(`sum_${name}`), at(`sum_reverse_${name}`)] as const);
  return (row) => {
    const [bytes, packets, retransmits, connections] = ways.map(
      ([there, back]) => [number(row[there]), number(row[back])] as const,
    ) as [Pair, Pair, Pair, Pair];
    const both = bytes[0] + bytes[1];
    const sum = noTraffic();
    switch (text(row[direction])) {
      case 'ingress':
        [sum.in, sum.out] = bytes;
        break;
      case 'egress':
        [sum.out, sum.in] = bytes;
        break;
      case 'intra-node':
        sum.within = both;
        break;
      default:
        sum.between = both;
    }
    sum.packets = packets[0] + packets[1];
    sum.connections = connections[0];
    sum.retransmits = retransmits[0] + retransmits[1];
    if (text(row[protocol]) === 'tcp') sum.tcpPackets = sum.packets;
    return sum;
  };
}
type Pair = readonly [number, number];

/** Share of TCP packets that were sent again; undefined where there were none. */
export function retransmitShare({ retransmits, tcpPackets }: Traffic): number | undefined {
  return tcpPackets > 0 ? retransmits / tcpPackets : undefined;
}
