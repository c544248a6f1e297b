// SPDX-License-Identifier: Apache-2.0
// By what the map groups: which fields are asked for, and which node of the map a row's end is.
import { condition, INSIDE } from '../../api/query';
import type { Cell } from '../../api/types';

export const levels = ['namespace', 'workload', 'pod', 'node', 'address', 'process'] as const;
export type Level = (typeof levels)[number];

const fieldsOf: Record<Level, readonly string[]> = {
  namespace: ['namespace', 'workload.kind'],
  workload: ['namespace', 'workload.kind', 'workload'],
  pod: ['namespace', 'workload.kind', 'workload', 'pod'],
  node: ['node', 'workload.kind'],
  address: ['ip', 'namespace', 'name'],
  process: ['process', 'ip'],
};

export type NodeKind =
  | 'namespace'
  | 'workload'
  | 'pod'
  | 'service'
  | 'node'
  | 'outside'
  | 'unknown'
  | 'address'
  | 'process';

/** A node of the map, by its identity: the same things have the same `id` always. */
export interface MapNode {
  id: string;
  kind: NodeKind;
  /** What it is called; empty where it has no name: the view has words for these. */
  name: string;
  /** Where it belongs, foreign text as well. */
  within: string;
  /** The group that it came out of, where that was expanded. */
  parent: string;
  expandable: boolean;
  /** What holds for its traffic, to be put behind `src.` or `dst.`. */
  conditions: [field: string, value: Cell][];
}

/** Groups that are shown by what is in them; `expanded` are ids of nodes. */
export interface Grouping {
  level: Level;
  expanded: ReadonlySet<string>;
}

/** How finely must be asked. */
export function dataLevel({ level, expanded }: Grouping): Level {
  if (level !== 'namespace' && level !== 'workload') return level;
  for (const id of expanded) if (id.startsWith('wl:')) return 'pod';
  return expanded.size > 0 ? 'workload' : level;
}

export function groupFields(level: Level): string[] {
  return ['src', 'dst'].flatMap((side) => fieldsOf[level].map((field) => `${side}.${field}`));
}

const SUMS =
  'sum total_bytes, packets, reverse_packets, retransmits, reverse_retransmits, resets, reverse_resets, flows, avg rtt, max rtt';

const filtered = (filter: string) => (filter.trim() ? `(${filter.trim()}) ` : '');

const TUNNELS =
  /(not\s*\(?\s*(?:protocol\s*=\s*udp\s+)?)?\b(?:dst\.)?port\s*(?:=|\bin\b)[\s(\d,]*\b(4789|6081|8472)\b/g;

/** Whether packets that carry a tunnel are what the filter is about: it names their port. */
export function asksForTunnels(filter: string): boolean {
  const bare = filter.replaceAll(INSIDE, '').replace(/"(?:[^"\\]|\\.)*"/g, '""');
  return [...bare.matchAll(TUNNELS)].some(([, negated]) => negated === undefined);
}

/**
 * The filter of all that the map counts, and of the links of its numbers. What is in a tunnel
 * has a flow of its own: with the packets that carry it, its bytes would count twice.
 */
export function counted(filter: string, condition = ''): string {
  const inside = asksForTunnels(filter) ? '' : `${INSIDE} `;
  return `${inside}${filtered(filter)}${condition}`.trim();
}

/** Whose `filter` holds for flows; `range` are stages such as `last 1m`. */
export function sumsQuery(filter: string, level: Level, range = '', every = ''): string {
  const stages = [range, `${SUMS} by ${groupFields(level).join(', ')}${every}`].filter(Boolean);
  return `${counted(filter)} | ${stages.join(' | ')}`.trim();
}

/**
 * Drops that are no trouble (docs/drops.md): what came twice, what a socket had not read when it
 * was closed, frames for somebody else, and copies of ICMP for sockets that did not ask for them.
 */
export const REAL_DROPS =
  'not drop.reason in (TCP_OLD_DATA, TCP_OLD_SEQUENCE, QUEUE_PURGE, OTHERHOST, SOCKET_FILTER) not drop.location~"^ping_rcv"';

/** Of all packets: a packet is dropped once, be it one that carries a tunnel. */
export function dropsQuery(filter: string, level: Level, range: string): string {
  const by = groupFields(level).join(', ');
  return `drops ${filtered(filter)}${REAL_DROPS} | ${range} | sum packets by ${by} | order by sum_packets desc | limit 500`;
}

const SEPARATOR = '\u0001';
const key = (...parts: Cell[]) => parts.map((part) => part ?? '').join(SEPARATOR);
const word = (cell: Cell | undefined) => (cell === null || cell === undefined ? '' : String(cell));

/** The node of one end; `values` in the order of the data's level. */
export function nodeOf(grouping: Grouping, values: readonly Cell[]): MapNode {
  switch (grouping.level) {
    case 'namespace':
    case 'workload':
    case 'pod':
      return ofKubernetes(grouping, values);
    case 'node':
      return ofNode(values);
    case 'address':
      return ofAddress(values);
    case 'process':
      return ofProcess(values);
  }
}

function plain(kind: NodeKind, id: string, name: string, within = ''): MapNode {
  return { id, kind, name, within, parent: '', expandable: false, conditions: [] };
}

function ofKubernetes({ level, expanded }: Grouping, values: readonly Cell[]): MapNode {
  const [namespace = null, ofKind = null, workload = null, pod = null] = values;
  const place: [string, Cell][] = [['namespace', namespace]];
  if (namespace === null) place.push(['workload.kind', ofKind]);
  const group = namespace === null ? key('kind:', ofKind) : `ns:${String(namespace)}`;
  if (namespace === null && ofKind === null)
    return { ...plain('unknown', 'kind:', ''), conditions: place };
  if (level === 'namespace' && !expanded.has(group)) {
    const kind = namespace !== null ? 'namespace' : ofKind === 'Node' ? 'node' : 'outside';
    const node = plain(kind, group, word(namespace));
    return { ...node, expandable: true, conditions: place };
  }
  const workloadId = `wl:${key(namespace, ofKind, workload)}`;
  const all: [string, Cell][] = [
    ['namespace', namespace],
    ['workload.kind', ofKind],
    ['workload', workload],
  ];
  const parent = level === 'namespace' ? group : '';
  const kinds: Record<string, NodeKind> = { Service: 'service', Node: 'node', External: 'outside' };
  const kind = kinds[word(ofKind)] ?? 'workload';
  const single = kind !== 'workload' || (level === 'pod' && pod === null);
  if (single || (level !== 'pod' && !expanded.has(workloadId))) {
    const within = [word(namespace), word(ofKind)].filter(Boolean).join(' · ');
    const node = plain(kind, workloadId, word(workload), within);
    return { ...node, parent, expandable: !single, conditions: all };
  }
  const within = [word(namespace), word(workload)].filter(Boolean).join(' · ');
  const node = plain('pod', `pod:${key(namespace, pod)}`, word(pod), within);
  return {
    ...node,
    parent: level === 'pod' ? '' : workloadId,
    conditions:
      pod === null
        ? all
        : [
            ['namespace', namespace],
            ['pod', pod],
          ],
  };
}

function ofNode([node = null, kind = null]: readonly Cell[]): MapNode {
  if (node !== null)
    return { ...plain('node', `node:${word(node)}`, word(node)), conditions: [['node', node]] };
  const outside = kind === 'External';
  return {
    ...plain(outside ? 'outside' : 'unknown', outside ? 'outside:' : 'unknown:', ''),
    conditions: outside
      ? [
          ['node', null],
          ['workload.kind', kind],
        ]
      : [['node', null]],
  };
}

function ofAddress([ip = null, namespace = null, name = null]: readonly Cell[]): MapNode {
  if (ip === null) return { ...plain('unknown', 'ip:', ''), conditions: [['ip', null]] };
  const within = name === null ? '' : [word(namespace), word(name)].filter(Boolean).join('/');
  return { ...plain('address', `ip:${word(ip)}`, word(ip), within), conditions: [['ip', ip]] };
}

function ofProcess([process = null, ip = null]: readonly Cell[]): MapNode {
  if (process === null) return ofAddress([ip]);
  return {
    ...plain('process', `process:${word(process)}`, word(process)),
    conditions: [['process', process]],
  };
}

/** `src.namespace="shop" src.workload="web"`. */
export function endCondition(node: MapNode, side: 'src' | 'dst'): string {
  return node.conditions.map(([field, value]) => condition(`${side}.${field}`, value)).join(' ');
}

/** All that the node sends or gets. */
export function nodeCondition(node: MapNode): string {
  return `((${endCondition(node, 'src')}) or (${endCondition(node, 'dst')}))`;
}

export function both(filter: string, condition: string): string {
  return filter.trim() ? `(${filter.trim()}) ${condition}` : condition;
}

/** The level to begin at, of the ends that were found: names where there are some. */
export function firstLevel(ends: readonly (readonly Cell[])[], most = 60): Level {
  const grouping: Grouping = { level: 'workload', expanded: new Set() };
  const nodes = new Map(ends.map((values) => nodeOf(grouping, values)).map((n) => [n.id, n]));
  let named = 0;
  for (const node of nodes.values())
    if (node.kind !== 'unknown' && node.kind !== 'outside') named += 1;
  if (named === 0) return 'address';
  return nodes.size <= most ? 'workload' : 'namespace';
}
