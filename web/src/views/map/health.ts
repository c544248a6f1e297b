// SPDX-License-Identifier: Apache-2.0
// What is wrong with an edge, by rules that the view says.
import type { MapEdge, Numbers } from './totals';

export type Trouble = 'drops' | 'retransmits' | 'resets' | 'rtt';
export type Health = 'good' | 'warn' | 'bad';

/** A single lost packet of a quiet edge is no problem yet. */
export const LEAST_DROPS = 3;
export const WARN_DROPS = 0.001;
export const BAD_DROPS = 0.05;
export const LEAST_RETRANSMITS = 3;
export const WARN_RETRANSMITS = 0.01;
export const BAD_RETRANSMITS = 0.05;
export const WARN_RESETS = 0.05;
export const WARN_RTT_MS = 100;
/** To the outside the way is longer. */
export const WARN_RTT_OUTSIDE_MS = 500;

/** Of the packets that were sent: those that came through, and those that did not. */
export function dropShare(numbers: Numbers): number {
  return numbers.drops > 0 ? numbers.drops / (numbers.packets + numbers.drops) : 0;
}

/** Share of packets; both ways. */
export function retransmitShare(numbers: Numbers): number {
  return numbers.packets > 0 ? numbers.retransmits / numbers.packets : 0;
}

export function troublesOf(edge: MapEdge): Trouble[] {
  const troubles: Trouble[] = [];
  if (edge.drops >= LEAST_DROPS && dropShare(edge) >= WARN_DROPS) troubles.push('drops');
  if (edge.retransmits >= LEAST_RETRANSMITS && retransmitShare(edge) >= WARN_RETRANSMITS)
    troubles.push('retransmits');
  if (edge.resets > 0 && edge.resets >= WARN_RESETS * edge.flows) troubles.push('resets');
  const outside = edge.src.kind === 'outside' || edge.dst.kind === 'outside';
  if (edge.rtt !== undefined && edge.rtt >= (outside ? WARN_RTT_OUTSIDE_MS : WARN_RTT_MS))
    troubles.push('rtt');
  return troubles;
}

export function healthOf(edge: MapEdge, troubles = troublesOf(edge)): Health {
  if (troubles.length === 0) return 'good';
  if (troubles.includes('drops') && dropShare(edge) >= BAD_DROPS) return 'bad';
  return troubles.includes('retransmits') && retransmitShare(edge) >= BAD_RETRANSMITS
    ? 'bad'
    : 'warn';
}
