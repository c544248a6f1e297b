// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { INSIDE } from '../../api/query';
import {
  asksForTunnels,
  counted,
  dataLevel,
  endCondition,
  firstLevel,
  type Grouping,
  nodeOf,
  sumsQuery,
} from './levels';

const grouping = (level: Grouping['level'], ...expanded: string[]): Grouping => ({
  level,
  expanded: new Set(expanded),
});
const web = ['shop', 'Deployment', 'web', 'web-1'];

it('groups by the level, and finer where a group is expanded', () => {
  expect(nodeOf(grouping('namespace'), web)).toMatchObject({ kind: 'namespace', name: 'shop' });
  const inside = nodeOf(grouping('namespace', 'ns:shop'), web);
  expect(inside).toMatchObject({ kind: 'workload', name: 'web', parent: 'ns:shop' });
  expect(nodeOf(grouping('namespace', 'ns:shop', inside.id), web)).toMatchObject({
    kind: 'pod',
    name: 'web-1',
    parent: inside.id,
  });
  expect(nodeOf(grouping('namespace', 'ns:other'), web).kind).toBe('namespace');
  expect(dataLevel(grouping('namespace'))).toBe('namespace');
  expect(dataLevel(grouping('namespace', 'ns:shop'))).toBe('workload');
  expect(dataLevel(grouping('namespace', 'ns:shop', inside.id))).toBe('pod');
  expect(dataLevel(grouping('node'))).toBe('node');
});

it('knows what has no namespace', () => {
  const at = (...values: (string | null)[]) => nodeOf(grouping('namespace'), values).kind;
  expect(at(null, 'External', 'world')).toBe('outside');
  expect(at(null, 'Node', 'node1')).toBe('node');
  expect(at(null, null, null)).toBe('unknown');
  expect(nodeOf(grouping('workload'), ['shop', 'Service', 'api']).kind).toBe('service');
  expect(nodeOf(grouping('address'), ['fd00::1', null, null]).name).toBe('fd00::1');
  expect(nodeOf(grouping('process'), [null, '10.0.0.1']).kind).toBe('address');
});

it('tells things apart that are called alike', () => {
  const ids = [
    ['a', 'Deployment', 'b'],
    ['a', 'StatefulSet', 'b'],
    ['a:b', 'Deployment', ''],
    ['b', 'Deployment', 'a'],
  ].map((values) => nodeOf(grouping('workload'), values).id);
  expect(new Set(ids).size).toBe(ids.length);
});

it('quotes foreign names in queries', () => {
  const node = nodeOf(grouping('workload'), ['a"b', 'Deployment', '<script> | or x=1\\']);
  expect(endCondition(node, 'src')).toBe(
    'src.namespace="a\\"b" src.workload.kind="Deployment" src.workload="<script> | or x=1\\\\"',
  );
  expect(endCondition(nodeOf(grouping('namespace'), [null, null]), 'dst')).toBe(
    'dst.namespace=none dst.workload.kind=none',
  );
  const sums = sumsQuery('port=80 or port=443', 'node', 'last 1m');
  expect(sums.startsWith(`${INSIDE} (port=80 or port=443) | last 1m | sum `)).toBe(true);
  expect(sums).toMatch(/ by src\.node, src\.workload\.kind, dst\.node/);
});

it('counts no byte twice, but where packets that carry a tunnel are asked for', () => {
  expect(counted('')).toBe(INSIDE);
  expect(counted(' port=80 ', 'src.node="a"')).toBe(`${INSIDE} (port=80) src.node="a"`);
  expect(counted('dst.port=8472', 'src.node="a"')).toBe('(dst.port=8472) src.node="a"');
  expect(counted(INSIDE)).toBe(`${INSIDE} (${INSIDE})`);
  for (const filter of ['port=4789', 'ip=10.0.0.1 dst.port in (80, 6081)', '(port = 8472)'])
    expect(asksForTunnels(filter)).toBe(true);
  for (const filter of [
    '',
    'port=80',
    'port=18472',
    'port!=8472',
    'not port=8472',
    'not (protocol=udp dst.port in (8472))',
    'src.process="port=8472"',
    `port=80 ${INSIDE}`,
  ])
    expect(asksForTunnels(filter), filter).toBe(false);
});

it('begins where it can be read', () => {
  const named = (count: number) =>
    Array.from({ length: count }, (_, at) => ['shop', 'Deployment', `w${at}`]);
  expect(firstLevel(named(60))).toBe('workload');
  expect(firstLevel(named(61))).toBe('namespace');
  expect(firstLevel([[null, null, null]])).toBe('address');
  expect(
    firstLevel([
      [null, 'External', 'world'],
      [null, null, null],
    ]),
  ).toBe('address');
});
