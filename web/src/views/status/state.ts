// SPDX-License-Identifier: Apache-2.0
// What the state of nodes comes to: who is alike, what was lost, what the agents cost.
import { everyLoss, type Loss } from '../../api/wholeness';
import { parseTime } from '../../format/time';
import type { Reading } from '../../state/counter_rates.svelte';
import type { AccountingLine, Probe, ProbesAnswer, StatsAnswer } from './types';

export const compareNames = new Intl.Collator('en', { numeric: true }).compare;

export interface AlikeNodes {
  nodes: string[];
  probes: Probe[];
}

/** Nodes whose probes are all in the same state, by the same rung; most nodes first. */
export function alikeNodes(answer: ProbesAnswer): AlikeNodes[] {
  const byNode = new Map<string, Probe[]>();
  for (const probe of answer.probes) {
    const node = probe.node ?? answer.node_name ?? '';
    byNode.set(node, [...(byNode.get(node) ?? []), probe]);
  }
  const groups = new Map<string, AlikeNodes>();
  for (const [node, probes] of byNode) {
    const key = JSON.stringify(probes.map(({ name, state, rung }) => [name, state, rung]));
    const group = groups.get(key) ?? { nodes: [], probes };
    group.nodes.push(node);
    groups.set(key, group);
  }
  for (const group of groups.values()) group.nodes.sort(compareNames);
  return [...groups.values()].sort(
    (a, b) => b.nodes.length - a.nodes.length || compareNames(a.nodes[0] ?? '', b.nodes[0] ?? ''),
  );
}

/** All losses there are, also those that are 0; each counter once, though two answers have it. */
export function allLosses(
  probes: ProbesAnswer | undefined,
  stats: StatsAnswer | undefined,
): Loss[] {
  const sums = new Map<string, Loss>();
  for (const probe of probes?.probes ?? [])
    for (const { stage, cause, count } of probe.lost) {
      const key = `${stage}.${cause}`;
      const before = sums.get(key);
      if (before) before.count += count;
      else sums.set(key, { stage, cause, count });
    }
  for (const answer of [probes, stats])
    for (const loss of everyLoss(answer?.completeness?.lost)) {
      const key = `${loss.stage}.${loss.cause}`;
      const before = sums.get(key);
      if (!before) sums.set(key, loss);
      else before.count = Math.max(before.count, loss.count);
    }
  return [...sums.values()].sort(
    (a, b) => compareNames(a.stage, b.stage) || compareNames(a.cause, b.cause),
  );
}

export function sumOf(unattributed: object): number {
  return Object.values(unattributed).reduce<number>((sum, count) => sum + Number(count), 0);
}

/**
 * packets = flow_packets + unattributed, to the packet. Packets that come between the reading
 * of an interface and that of its flows are `under_way`: what passes in a second at most.
 */
export function accountsOf(
  line: AccountingLine,
  packetsPerSecond: number | undefined,
): 'even' | 'under_way' | 'uneven' {
  const missing = line.packets - line.flow_packets - sumOf(line.unattributed);
  if (missing !== line.difference || missing < 0) return 'uneven';
  if (missing === 0) return 'even';
  return packetsPerSecond === undefined || missing <= packetsPerSecond ? 'under_way' : 'uneven';
}

/** Seconds that agents have run, all together; 0 where none says since when. */
export function uptimeSeconds(stats: StatsAnswer): number {
  const of = (from: string | undefined, to: string | undefined) =>
    Math.max(0, (parseTime(to) - parseTime(from)) / 1000) || 0;
  if (!stats.nodes) return of(stats.started_at, stats.last_updated);
  return stats.nodes.reduce((sum, node) => sum + of(node.started_at, node.last_updated), 0);
}

/**
 * Who is in a sum: sums of others, or of one that began anew, have no rate between them,
 * for counts of hours would come or go at once.
 */
export function whoIsIn({ node_name, nodes, started_at }: Partial<StatsAnswer>): string {
  const all = nodes ?? [{ node: node_name ?? '', started_at }];
  return JSON.stringify(
    all.map((one) => `${one.node} ${one.started_at ?? ''}`.trim()).sort(compareNames),
  );
}

/** When it was read, by the mean of the clocks of those that are in it. */
export function readAt({ nodes, last_updated }: Partial<StatsAnswer>): number {
  if (!nodes || nodes.length === 0) return parseTime(last_updated);
  return nodes.reduce((sum, node) => sum + parseTime(node.last_updated), 0) / nodes.length;
}

/** Losses of all together, as a reading of them. */
export function lossReadings(answer: ProbesAnswer): Map<string, Reading> {
  const who = whoIsIn(answer);
  const at = readAt(answer);
  return new Map(
    allLosses(answer, undefined).map(({ stage, cause, count }) => [
      `${who} ${stage}.${cause}`,
      { at, values: [count] },
    ]),
  );
}

/** That it failed says nothing of whether there is a history; its words may. */
export function saysOff({ detail }: { detail: string }): boolean {
  return /\bhistory is off\b/i.test(detail);
}

/** Each different value, with how many have it; most first. */
export function tally(values: readonly (string | undefined)[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || compareNames(a[0], b[0]));
}

/** No program ran though events came: the kernel does not count runs. */
export function runsAreCounted(probes: readonly Probe[]): boolean {
  return probes.some((probe) => probe.runs > 0);
}
