// SPDX-License-Identifier: Apache-2.0
// Answers about the probes and the nodes, in the few facts that the overview shows.
import type { Completeness, Kubernetes, Lost, Sources } from '../../api/types';
import { parseTime } from '../../format/time';
import type { AgentOfCluster } from '../../state/source.svelte';

export interface Loss {
  stage: string;
  cause: string;
  count: number;
}

export interface Probe {
  node?: string;
  name: string;
  state: string;
  rung: string;
  why: string;
  lost: Loss[];
}

type ListWhole = Partial<Completeness> & Partial<Sources>;

export interface ProbesAnswer {
  probes: Probe[];
  partial?: boolean;
  completeness?: ListWhole;
}

export interface Counters {
  packets: number;
  flow_packets: number;
  unattributed: Record<string, number>;
  difference: number;
}

export interface StatsAnswer {
  node_name?: string;
  version?: string;
  kernel?: string;
  started_at?: string;
  last_updated?: string;
  resident_bytes: number;
  cpu_seconds: number;
  accounting: { total: Counters };
  flow_table: { live_flows: number; capacity: number };
  kubernetes?: Kubernetes;
  nodes?: { node: string }[];
  partial?: boolean;
  completeness?: ListWhole;
}

/** One probe over all nodes. */
export interface ProbeSum {
  name: string;
  on: number;
  all: number;
  /** Of those that are not on: why, and where. */
  not: { state: string; why: string; nodes: string[] }[];
  rungs: string[];
  lost: number;
}

export function sumProbes(probes: readonly Probe[]): ProbeSum[] {
  const sums = new Map<string, ProbeSum>();
  for (const probe of probes) {
    const sum: ProbeSum = sums.get(probe.name) ?? {
      name: probe.name,
      on: 0,
      all: 0,
      not: [],
      rungs: [],
      lost: 0,
    };
    sums.set(probe.name, sum);
    sum.all += 1;
    if (probe.state === 'on') {
      sum.on += 1;
    } else {
      const same = sum.not.find(({ state, why }) => state === probe.state && why === probe.why);
      const at = same ?? { state: probe.state, why: probe.why, nodes: [] };
      if (!same) sum.not.push(at);
      if (probe.node) at.nodes.push(probe.node);
    }
    if (probe.rung && !sum.rungs.includes(probe.rung)) sum.rungs.push(probe.rung);
    for (const { count } of probe.lost) sum.lost += count;
  }
  return [...sums.values()];
}

/** Why a probe is on nowhere; undefined where it is on, or not known. */
export function offOf(name: string, probes: readonly Probe[] = []): string | undefined {
  const own = probes.filter((probe) => probe.name === name);
  if (own.length === 0 || own.some(({ state }) => state === 'on')) return undefined;
  return own[0]?.why || own[0]?.state;
}

/** Losses by "stage.cause", the most first. Several answers may tell of one: it counts once. */
export function mergeLosses(...answers: (Lost | undefined)[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const lost of answers)
    for (const [key, value] of Object.entries(lost ?? {})) {
      const parts: [string, number][] =
        typeof value === 'number'
          ? [[key, value]]
          : Object.entries(value).map(([cause, count]) => [`${key}.${cause}`, count]);
      for (const [name, count] of parts) {
        const dotted = name.replace('/', '.');
        if (count > 0) sums.set(dotted, Math.max(count, sums.get(dotted) ?? 0));
      }
    }
  return [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

export interface Accounts {
  seen: number;
  inFlows: number;
  inNone: number;
  causes: [string, number][];
  /** Of packets that are counted while this is read; else 0. */
  counting: number;
  adds: boolean;
}

export function accountsOf({
  packets,
  flow_packets,
  unattributed,
  difference,
}: Counters): Accounts {
  const causes = Object.entries(unattributed).filter(([, count]) => count > 0);
  const inNone = causes.reduce((sum, [, count]) => sum + count, 0);
  return {
    seen: packets,
    inFlows: flow_packets,
    inNone,
    causes,
    counting: difference,
    adds: packets === flow_packets + inNone,
  };
}

export interface AgentsAnswer {
  agents: AgentOfCluster[];
  ready: number;
  nodes_without_agent: string[];
}

export type Trouble =
  | { is: 'without'; name: string }
  | { is: 'clock'; name: string; ms: number }
  | { is: 'away'; name: string; state: string; problem: string; lastMs: number };

/** Clocks that are this far apart put records into other seconds. */
const CLOCK_S = 1;

/** Nodes that need a look, those that are away first. */
export function troubleOf({ agents, nodes_without_agent }: AgentsAnswer): Trouble[] {
  const away = agents.filter(({ state }) => state !== 'ready');
  const off = agents.filter(
    ({ state, clock_difference_seconds: seconds }) =>
      state === 'ready' && Math.abs(seconds) > CLOCK_S,
  );
  return [
    ...away.map((agent) => ({
      is: 'away' as const,
      name: agent.node || agent.address,
      state: agent.state,
      problem: agent.problem ?? '',
      lastMs: parseTime(agent.last_contact) || 0,
    })),
    ...nodes_without_agent.map((name) => ({ is: 'without' as const, name })),
    ...off.map(({ node, address, clock_difference_seconds: seconds }) => ({
      is: 'clock' as const,
      name: node || address,
      ms: Math.abs(seconds) * 1000,
    })),
  ];
}

export interface Interface {
  node?: string;
  name: string;
  up: boolean;
  attached: boolean;
  reason: string;
}

export interface Unobserved {
  kind: 'probe' | 'interface';
  name: string;
  why: string;
  nodes: string[];
}

/** What no program looks at, and why; the same at many nodes once. */
export function unobservedOf(
  probes: readonly ProbeSum[],
  interfaces: readonly Interface[],
): Unobserved[] {
  const list: Unobserved[] = probes.flatMap(({ name, not }) =>
    not.map(({ why, nodes }) => ({ kind: 'probe' as const, name, why, nodes })),
  );
  for (const { node, name, attached, reason } of interfaces) {
    if (attached) continue;
    const same = list.find(
      (one) => one.kind === 'interface' && one.name === name && one.why === reason,
    );
    if (same) same.nodes.push(...(node ? [node] : []));
    else list.push({ kind: 'interface', name, why: reason, nodes: node ? [node] : [] });
  }
  return list;
}
