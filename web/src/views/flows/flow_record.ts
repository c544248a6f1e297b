// SPDX-License-Identifier: Apache-2.0
// A live flow, by the names that the query language has for its fields.
import type { Cell } from '../../api/types';
import { parseTime } from '../../format/time';

export interface Process {
  pid: number;
  comm: string;
}

/** As /api/flows and /api/stream have it; what is not listed is there, too. */
export interface LiveFlow {
  id: number;
  node?: string;
  observer?: string;
  src_ip: string;
  dst_ip: string;
  src_port: number;
  dst_port: number;
  protocol: string;
  packets: number;
  bytes: number;
  reverse_packets: number;
  reverse_bytes: number;
  first_seen: string;
  last_seen: string;
  ended: boolean;
  late?: boolean;
  /** This page's own: it was not told of after the stream was away, and may have ended. */
  unsure?: boolean;
  merged_into?: number;
  observations?: { interface: string; role: string }[];
  client_process?: Process;
  server_process?: Process;
  nat?: { src_ip: string; dst_ip: string; src_port: number; dst_port: number };
  [more: string]: unknown;
}

const simple = (key: string) => (flow: LiveFlow) => flow[key] as Cell | undefined;
const behindSlash = (key: string) => (flow: LiveFlow) => {
  const value = flow[key];
  return typeof value === 'string' ? value.slice(value.indexOf('/') + 1) : null;
};
const beforeSlash = (key: string) => (flow: LiveFlow) => {
  const value = flow[key];
  return typeof value === 'string' && value.includes('/')
    ? value.slice(0, value.indexOf('/'))
    : null;
};
/** 0 is what a flow has that has none. */
const notZero = (key: string) => (flow: LiveFlow) => (flow[key] as Cell) || null;

/** `SPA` of JSON as the language writes it: `syn+psh+ack`. */
const FLAGS: Record<string, string> = {
  F: 'fin',
  S: 'syn',
  R: 'rst',
  P: 'psh',
  A: 'ack',
  U: 'urg',
  E: 'ece',
  C: 'cwr',
};
const flags = (key: string) => (flow: LiveFlow) => {
  const value = flow[key];
  if (typeof value !== 'string' || value === '') return null;
  return [...value].map((letter) => FLAGS[letter] ?? letter).join('+');
};

const SIDES = (side: 'src' | 'dst', process: 'client_process' | 'server_process') => ({
  [`${side}.ip`]: simple(`${side}_ip`),
  [`${side}.port`]: simple(`${side}_port`),
  [`${side}.kind`]: simple(`${side}_kind`),
  [`${side}.name`]: behindSlash(`${side}_name`),
  [`${side}.pod`]: behindSlash(`${side}_pod`),
  [`${side}.namespace`]: simple(`${side}_namespace`),
  [`${side}.workload`]: behindSlash(`${side}_workload`),
  [`${side}.workload.kind`]: beforeSlash(`${side}_workload`),
  [`${side}.node`]: simple(`${side}_node`),
  [`${side}.zone`]: simple(`${side}_zone`),
  [`${side}.process`]: (flow: LiveFlow) => flow[process]?.comm ?? null,
  [`${side}.pid`]: (flow: LiveFlow) => flow[process]?.pid ?? null,
  [`translated.${side}.ip`]: (flow: LiveFlow) => flow.nat?.[`${side}_ip`] ?? null,
  [`translated.${side}.port`]: (flow: LiveFlow) => flow.nat?.[`${side}_port`] ?? null,
});

export const LIVE_FIELDS: Record<string, (flow: LiveFlow) => Cell | undefined> = {
  time: simple('last_seen'),
  observer: (flow) => flow.observer ?? flow.node ?? null,
  protocol: simple('protocol'),
  ...SIDES('src', 'client_process'),
  ...SIDES('dst', 'server_process'),
  service: behindSlash('service'),
  'service.namespace': beforeSlash('service'),
  direction: simple('direction'),
  verdict: simple('verdict'),
  interface: (flow) =>
    (flow.observations?.find((one) => one.role === 'pod') ?? flow.observations?.[0])?.interface ??
    null,
  vni: notZero('vni'),
  vlan: notZero('vlan'),
  dscp: simple('dscp'),
  icmp_type: simple('icmp_type'),
  icmp_code: simple('icmp_code'),
  tcp_flags: flags('tcp_flags'),
  reverse_tcp_flags: flags('reverse_tcp_flags'),
  nat: (flow) => flow.nat !== undefined,
  flow_id: simple('id'),
  first_seen: simple('first_seen'),
  last_seen: simple('last_seen'),
  duration: (flow) => parseTime(flow.last_seen) - parseTime(flow.first_seen),
  packets: simple('packets'),
  bytes: simple('bytes'),
  reverse_packets: simple('reverse_packets'),
  reverse_bytes: simple('reverse_bytes'),
  total_packets: (flow) => flow.packets + flow.reverse_packets,
  total_bytes: (flow) => flow.bytes + flow.reverse_bytes,
  retransmits: simple('retransmits'),
  reverse_retransmits: simple('reverse_retransmits'),
  resets: simple('resets'),
  reverse_resets: simple('reverse_resets'),
  out_of_order: (flow) =>
    flow.out_of_order === undefined
      ? null
      : Number(flow.out_of_order) + Number(flow.reverse_out_of_order ?? 0),
  zero_windows: (flow) =>
    flow.zero_windows === undefined
      ? null
      : Number(flow.zero_windows) + Number(flow.reverse_zero_windows ?? 0),
  handshake: simple('handshake_rtt_ms'),
  rtt: simple('rtt_ms'),
  ended: (flow) => flow.ended,
};

export function liveCell(flow: LiveFlow, name: string): Cell | undefined {
  return LIVE_FIELDS[name]?.(flow);
}

/** What two nodes know as one, each by an id of its own. */
export function tupleOf(flow: LiveFlow): string {
  const ends = [`${flow.src_ip} ${flow.src_port}`, `${flow.dst_ip} ${flow.dst_port}`].sort();
  return `${flow.protocol} ${ends.join(' ')}`;
}

/** Ids are an agent's own. */
export function liveKey(flow: LiveFlow): string {
  return `${flow.observer ?? flow.node ?? ''} ${flow.id}`;
}
