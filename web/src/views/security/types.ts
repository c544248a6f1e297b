// SPDX-License-Identifier: Apache-2.0
// Answers of /api/alerts, /api/blocks and /api/advise/network-policy. `node`: of the server.
import type { Severity, Whole } from '../../api/types';

export interface AlertEnd {
  ip?: string;
  port?: number;
  /** What is no address: a network, a name. */
  text?: string;
  kind?: string;
  name?: string;
  namespace?: string;
  workload_kind?: string;
  workload?: string;
  node?: string;
  comm?: string;
  pid?: number;
}

export interface EvidenceFlow {
  time: string;
  src_ip: string;
  dst_ip: string;
  src_port: number;
  dst_port: number;
  protocol: string;
  flow_id: number;
  packets?: number;
  bytes?: number;
  tcp_flags?: string;
}

export interface Evidence {
  value?: number;
  threshold?: number;
  unit?: string;
  window_seconds?: number;
  expected?: string;
  confidence?: number;
  spoofable?: boolean;
  flows?: EvidenceFlow[];
}

export interface FullAlert {
  node?: string;
  id: string;
  kind: string;
  severity: Severity;
  technique?: string;
  technique_name?: string;
  tactic?: string;
  tactic_name?: string;
  state: 'active' | 'resolved';
  muted?: boolean;
  summary: string;
  source: AlertEnd;
  target: AlertEnd;
  first_seen: string;
  last_seen: string;
  opened: string;
  updated: string;
  resolved?: string;
  count: number;
  evidence: Evidence;
}

export interface Detector {
  node?: string;
  name: string;
  on: boolean;
  why?: string;
  records: number;
  findings: number;
  not_followed: number;
  bytes: number;
  run_seconds: number;
}

export interface ThreatList {
  node?: string;
  list: string;
  error?: string;
  has_list: boolean;
  from_cache: boolean;
  fetched?: string;
  addresses: number;
  networks: number;
  names: number;
  trimmed: number;
  refused: Record<string, number>;
  failed: number;
  matches: number;
}

export interface AlertsAnswer extends Whole {
  alerts: FullAlert[];
  total: number;
  next_cursor: string | null;
  totals: { node?: string; kind: string; severity: Severity; count: number }[];
  muted?: number;
  not_kept?: number;
  nodes?: { node: string; muted: number; not_kept: number }[];
  detectors: Detector[];
  threat_intel: ThreatList[];
}

export type Mode = 'dry-run' | 'enforce';

export interface Block {
  what: string;
  kind: string;
  mode: Mode;
  reason: string;
  who: string;
  since: string;
  until: string;
  packets: number;
  bytes: number;
  /** Of limits. */
  port?: number;
  rate?: number;
  burst?: number;
  unit?: string;
}

export interface CauseSum {
  cause: string;
  packets: number;
  bytes: number;
}

export interface BlocksAnswer extends Whole {
  response: { mode: 'off' | Mode; why: string; interfaces: string[] };
  blocks: Block[];
  limits: Block[];
  total: number;
  next_cursor: string | null;
  list: {
    name: string;
    mode: Mode;
    entries: number;
    refused: number;
    why: string[];
    until: string;
  } | null;
  allowed: { network: string; reason: string }[];
  dropped: CauseSum[];
  would_drop: CauseSum[];
  refused: Record<string, number>;
  audit_errors: number;
  room: { blocks: number; limits: number; longest_seconds: number };
}

export interface PolicyAdvice {
  workload: string;
  workload_kind: string;
  flows: number;
  remarks: string[];
  replay: {
    allowed: number;
    denied: number;
    unclear: number;
    other: number;
    found: { ruling: string; text: string; flows: number }[];
    not_shown: number;
  };
  yaml: string;
}

export interface AdviceAnswer extends Whole {
  namespace: string;
  workload: string | null;
  policies: PolicyAdvice[];
  without_policy: { workload: string; workload_kind: string; why: string }[];
  yaml: string;
  observed: string[];
}
