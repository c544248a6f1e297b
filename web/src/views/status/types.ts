// SPDX-License-Identifier: Apache-2.0
// Answers of /api/stats, /api/probes, /api/interfaces, /api/agents, /api/cluster and
// /api/netfilter, as far as this view reads them. `node`: of netprobe-server.
import type { Whole } from '../../api/types';
import type { AgentOfCluster } from '../../state/source.svelte';

export interface Unattributed {
  non_ip: number;
  malformed: number;
  cache_full: number;
  too_deep: number;
}

export interface AccountingLine {
  interface?: string;
  direction?: string;
  packets: number;
  flow_packets: number;
  unattributed: Unattributed;
  difference: number;
}

export interface NodeOfAnswer {
  node: string;
  version?: string;
  kernel?: string;
  started_at?: string;
  last_updated: string;
}

export interface KubernetesState {
  state: string;
  server?: string;
  source?: string;
  error?: string;
  server_version?: string;
  synced_at?: string | null;
  last_contact?: string | null;
}

export interface StatsAnswer extends Whole {
  node_name?: string;
  version?: string;
  kernel?: string;
  started_at?: string;
  last_updated?: string;
  nodes?: NodeOfAnswer[];
  resident_bytes: number;
  cpu_seconds: number;
  accounting: { total: AccountingLine; interfaces?: AccountingLine[]; retired?: AccountingLine[] };
  flow_table: {
    live_flows: number;
    total_flows: number;
    evicted_flows: number;
    records: number;
    capacity: number;
  };
  kubernetes?: KubernetesState;
}

export interface Probe {
  node?: string;
  name: string;
  state: string;
  rung: string;
  why: string;
  kernel_need: string;
  programs: { name: string; id: number; runs: number; run_time_ns: number }[];
  runs: number;
  run_time_ns: number;
  events: number;
  lost: { stage: string; cause: string; count: number }[];
}

export interface ProbesAnswer extends Whole {
  node_name?: string;
  last_updated?: string;
  nodes?: NodeOfAnswer[];
  probes: Probe[];
}

export interface LinkSide {
  packets: number;
  bytes: number;
  kernel_packets: number;
  kernel_bytes: number;
  flow_packets: number;
  unattributed: Unattributed;
  packets_per_second: number;
  bytes_per_second: number;
}

export interface Interface {
  node?: string;
  name: string;
  ifindex: number;
  role: string;
  kind: string;
  mtu: number;
  up: boolean;
  attached: boolean;
  mode: string;
  reason: string;
  hooks: { hook: string; mode: string; direction: string }[];
  xdp: { mode: string; reason: string };
  rx: LinkSide;
  tx: LinkSide;
  rx_use: { speed_bits_per_second: number; utilisation: number };
  tx_use: { speed_bits_per_second: number; utilisation: number };
}

export interface InterfacesAnswer extends Whole {
  interfaces: Interface[];
}

export interface Agent extends AgentOfCluster {
  faults: Record<string, number>;
  left_out: string[];
  lost: Record<string, number>;
}

export interface AgentsAnswer {
  agents: Agent[];
  ready: number;
  nodes_without_agent: string[];
}

export interface ClusterAnswer extends Whole {
  node_count: number;
  namespace_count: number;
  pod_count: number;
  service_count: number;
  network_policy_count: number;
  kubernetes: KubernetesState;
}

export interface NetfilterHook {
  node?: string;
  family: string;
  hook: string;
  counted: boolean;
  rung: string;
  why: string;
  packets: number;
  bytes: number;
  dropped: number;
  dropped_is_bound: boolean;
}

export interface Ruleset {
  available: boolean;
  why: string;
  chains: number;
  rules: number;
  drop_rules: number;
}

export interface Conntrack {
  available: boolean;
  why: string;
  entries: number;
  limit: number;
  insert_failed: number;
  dropped: number;
  early_dropped: number;
}

export interface NetfilterAnswer extends Whole {
  node_name?: string;
  hooks: NetfilterHook[];
  ruleset?: Ruleset;
  conntrack?: Conntrack;
  nodes?: { node: string; ruleset: Ruleset; conntrack: Conntrack }[];
}
