// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { Cell, Column } from '../../api/types';
import { cut } from './cut';
import { healthOf, troublesOf } from './health';
import { groupFields } from './levels';
import { lacksOf, type MapEdge, Totals } from './totals';

const sums = [
  'sum_total_bytes',
  'sum_packets',
  'sum_reverse_packets',
  'sum_retransmits',
  'sum_reverse_retransmits',
  'sum_resets',
  'sum_reverse_resets',
  'sum_flows',
  'avg_rtt',
  'max_rtt',
];
const columns = (names: string[]): Column[] => names.map((name) => ({ name, type: 'text' }));
const flowColumns = columns(['time', ...groupFields('workload'), ...sums]);
const dropColumns = columns([...groupFields('workload'), 'sum_packets']);
const row = (src: string, dst: string, bytes: number, rtt: number | null = 1): Cell[] => [
  't',
  'shop',
  'Deployment',
  src,
  'shop',
  'Deployment',
  dst,
  bytes,
  60,
  40,
  2,
  1,
  1,
  0,
  10,
  rtt,
  rtt,
];
const empty = { level: 'workload' as const, expanded: new Set<string>() };
const edgeOf = (totals: Totals, src: string, dst: string): MapEdge => {
  for (const edge of totals.edges.values())
    if (edge.src.name === src && edge.dst.name === dst) return edge;
  throw new Error(`no edge ${src} ${dst}`);
};

it('adds up the steps that are shown, and forgets what is over', () => {
  const totals = new Totals(empty, 'workload');
  const one = totals.slice(flowColumns, [row('a', 'b', 100, 1), row('b', 'c', 7, null)], 0, 5);
  const two = totals.slice(flowColumns, [row('a', 'b', 50, 3)], 5, 10);
  totals.add([one, two], 0);
  expect(edgeOf(totals, 'a', 'b')).toMatchObject({
    bytes: 150,
    packets: 200,
    retransmits: 6,
    resets: 2,
    flows: 20,
    rtt: 2,
    maxRtt: 3,
  });
  expect(edgeOf(totals, 'b', 'c').rtt).toBeUndefined();
  totals.add([two], 0);
  expect(edgeOf(totals, 'a', 'b').bytes).toBe(50);
  // A ghost, then nothing.
  expect(edgeOf(totals, 'b', 'c').gone).toBe(true);
  totals.add([two], 6);
  expect(totals.edges.size).toBe(1);
});

it('puts groups together without losing a byte', () => {
  const totals = new Totals({ level: 'namespace', expanded: new Set() }, 'workload');
  const slice = totals.slice(
    flowColumns,
    [row('a', 'b', 1), row('b', 'c', 2), row('c', 'a', 4)],
    0,
    5,
  );
  totals.add([slice], 0);
  expect([...totals.edges.values()].map((edge) => edge.bytes)).toEqual([7]);
});

it('gives drops of either way to the edge, and makes one where there is none', () => {
  const totals = new Totals(empty, 'workload');
  totals.add([totals.slice(flowColumns, [row('a', 'b', 100)], 0, 5)], 0);
  const drop = (src: string, dst: string, count: number): Cell[] => [
    'shop',
    'Deployment',
    src,
    'shop',
    'Deployment',
    dst,
    count,
  ];
  totals.setDrops(dropColumns, [drop('a', 'b', 2), drop('b', 'a', 3), drop('x', 'b', 9)], 5);
  expect(edgeOf(totals, 'a', 'b').drops).toBe(5);
  expect(edgeOf(totals, 'x', 'b')).toMatchObject({ drops: 9, bytes: 0, gone: false });
  totals.setDrops(dropColumns, [], 6);
  expect(edgeOf(totals, 'a', 'b').drops).toBe(0);
});

function many(nodes: number, edges: number): Totals {
  const totals = new Totals(empty, 'workload');
  const rows = Array.from({ length: edges }, (_, at) =>
    row(`w${at % nodes}`, `w${(at * 7 + 1 + Math.floor(at / nodes)) % nodes}`, 1000 + at),
  );
  totals.add([totals.slice(flowColumns, rows, 0, 5)], 0);
  return totals;
}
const options = {
  mostNodes: 20,
  mostEdges: 30,
  problemsOnly: false,
  before: new Set<string>(),
  keep: new Set<string>(),
};

it('draws the largest and says what it leaves out', () => {
  const totals = many(50, 400);
  const picture = cut(totals.edges.values(), options);
  expect(picture.nodes.length).toBe(20);
  expect(picture.edges.length).toBe(30);
  expect(picture.hiddenNodes).toBe(30);
  expect(picture.hiddenEdges).toBe(totals.edges.size - 30);
  let all = 0;
  for (const edge of totals.edges.values()) all += edge.bytes;
  const drawn = picture.edges.reduce((sum, { edge }) => sum + edge.bytes, 0);
  expect(picture.hiddenShare).toBeCloseTo(1 - drawn / all);
});

it('leaves no card without an edge', () => {
  const totals = new Totals(empty, 'workload');
  const rows = Array.from({ length: 200 }, (_, at) => row(`a${at % 8}`, `b${at % 25}`, 1e6));
  rows.push(row('quiet', 'a1', 5));
  totals.add([totals.slice(flowColumns, rows, 0, 5)], 0);
  const picture = cut(totals.edges.values(), { ...options, mostNodes: 40, mostEdges: 34 });
  expect(picture.hiddenEdges).toBeGreaterThan(100);
  const drawn = new Set(picture.edges.flatMap(({ edge }) => [edge.src.id, edge.dst.id]));
  for (const { node } of picture.nodes) expect(drawn.has(node.id), node.name).toBe(true);
});

it('keeps who was drawn while it is near the top, and who is selected', () => {
  const totals = many(50, 400);
  const ordered = cut(totals.edges.values(), { ...options, mostNodes: 50 }).nodes;
  ordered.sort((a, b) => b.bytes - a.bytes);
  const twentyFirst = ordered[20]?.node.id ?? '';
  const last = ordered.at(-1)?.node.id ?? '';
  const drawn = (more: Partial<typeof options>) =>
    new Set(cut(totals.edges.values(), { ...options, ...more }).nodes.map((one) => one.node.id));
  expect(drawn({}).has(twentyFirst)).toBe(false);
  expect(drawn({ before: new Set([twentyFirst]) }).has(twentyFirst)).toBe(true);
  expect(drawn({ keep: new Set([last]) }).has(last)).toBe(true);
});

it('takes no single loss for a problem', () => {
  const totals = many(2, 1);
  const [edge] = totals.edges.values();
  if (!edge) throw new Error('no edge');
  Object.assign(edge, { packets: 1000, retransmits: 2, resets: 0, drops: 2, flows: 10, rtt: 1 });
  expect(troublesOf(edge)).toEqual([]);
  Object.assign(edge, { drops: 3, retransmits: 10 });
  expect(troublesOf(edge)).toEqual(['drops', 'retransmits']);
  expect(healthOf(edge)).toBe('warn');
  Object.assign(edge, { drops: 100, resets: 1, rtt: 200 });
  expect(troublesOf(edge)).toEqual(['drops', 'retransmits', 'resets', 'rtt']);
  expect(healthOf(edge)).toBe('bad');
  const only = cut([edge, ...many(3, 3).edges.values()], { ...options, problemsOnly: true });
  expect(only.edges.map((one) => one.edge.id)).toContain(edge.id);
});

it('says what all steps that are shown lack', () => {
  const totals = new Totals(empty, 'workload');
  const slice = (...[late, missing, leftOut]: [number, number, number]) =>
    totals.slice(flowColumns, [], 0, 5, { late, missing, leftOut });
  expect(lacksOf([slice(1, 0, 5), slice(2, 7, 0), totals.slice(flowColumns, [], 5, 10)])).toEqual({
    late: 3,
    missing: 7,
    leftOut: 5,
  });
});
