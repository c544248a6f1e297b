// SPDX-License-Identifier: Apache-2.0
import { expect, it, vi } from 'vitest';

vi.stubGlobal('window', { location: { hash: '' }, addEventListener: () => {} });
const { pathLink, recordQuery, recordRange, recordsBehind, relatedQuery, stepOf, stepRange } =
  await import('./details');
const { parseHash } = await import('../../state/location.svelte');

const values: Record<string, string | number | null> = {
  protocol: 'tcp',
  'src.ip': 'fd10:244:1::2',
  'src.port': 80,
  'dst.ip': 'fd10:244:3::3',
  'dst.port': 60628,
  observer: 'node1',
  flow_id: 106,
};
const get = (name: string) => values[name];

it('leads to the path by what both programs find it by', () => {
  expect(parseHash(pathLink(get) ?? '')).toEqual({
    view: 'path',
    params: {
      protocol: 'tcp',
      src_ip: 'fd10:244:1::2',
      src_port: '80',
      dst_ip: 'fd10:244:3::3',
      dst_port: '60628',
      node: 'node1',
      flow: '106',
    },
  });
  expect(pathLink((name) => (name === 'src.ip' ? undefined : get(name)))).toBeUndefined();
});

it('asks for a record again, and for what belongs to it', () => {
  expect(recordQuery('flows', get, ['time', 'bytes'])).toBe(
    'flows protocol=tcp src.ip=fd10:244:1::2 src.port=80 dst.ip=fd10:244:3::3 dst.port=60628 ' +
      'observer=node1 | fields time, bytes',
  );
  expect(relatedQuery(get, 'drops')).toBe(
    'drops protocol=tcp ip=fd10:244:1::2 port=80 ip=fd10:244:3::3 port=60628',
  );
});

it('asks for the records behind a sum', () => {
  const columns = [
    { name: 'time', type: 'time' },
    { name: 'src.pod', type: 'text' },
    { name: 'sum_bytes', type: 'count' },
  ];
  const row: Record<string, string | number | null> = { time: 'x', 'src.pod': null, sum_bytes: 5 };
  expect(
    recordsBehind('a=1 or b=2 | last 1h | sum bytes by src.pod every 5m', columns, (n) => row[n]),
  ).toBe('(a=1 or b=2) src.pod=none | last 1h');
});

it('asks for the records of one step', () => {
  const query = 'a=1 | last 1h | sum bytes by src.pod every 1m30s';
  const row: Record<string, string> = { time: '2026-11-27T17:00:00.000000000Z', 'src.pod': 'web' };
  const columns = [
    { name: 'time', type: 'time' },
    { name: 'src.pod', type: 'text' },
  ];
  expect(recordsBehind(query, columns, (n) => row[n])).toBe('a=1 src.pod=web');
  const range = (answered = {}) => stepRange(query, (n) => row[n], answered);
  expect(range()).toEqual({ since: row.time, until: '2026-11-27T17:01:30.000Z' });
  // The first and the last step are cut by the range that was asked for.
  const [since, until] = ['2026-11-27T17:00:20Z', '2026-11-27T17:01:00Z'];
  expect(range({ since, until })).toEqual({ since, until });
  expect(stepRange('sum bytes by src.pod', (n) => row[n], {})).toBeUndefined();
  expect(
    ['every 5m', 'every 250ms', 'every x', 'by every'].map((s) => stepOf(`count ${s}`)),
  ).toEqual([300_000, 250, undefined, undefined]);
});

it('knows when what belongs to a record was', () => {
  const time = '2026-11-27T17:10:00.000000000Z';
  const range = (row: Record<string, string | null>) => recordRange((n) => row[n]);
  expect(range({ time })).toEqual({
    since: '2026-11-27T17:09:00.000Z',
    until: '2026-11-27T17:11:00.000Z',
  });
  expect(range({ time, first_seen: '2026-11-27T16:00:00.000000000Z' })?.since).toBe(
    '2026-11-27T16:00:00.000Z',
  );
  expect(range({ time: null })).toBeUndefined();
});
