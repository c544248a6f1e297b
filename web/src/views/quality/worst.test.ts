// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { QueryAnswer } from '../../api/types';
import { tone, worstLinks, type Link } from './links';
import { base, filterOffset, heatQuery, worstQuery } from './queries';
import { shareOf, valueQuery, worstRows } from './worst';

it('keeps the filter to itself', () => {
  const q = heatQuery('dst.port=1 or dst.port=2', 'rtt', '1m');
  expect(q).toBe('flows protocol=tcp (dst.port=1 or dst.port=2) | histogram rtt every 1m');
  expect(q.slice(filterOffset('dst.port=1 or dst.port=2'))).toMatch(/^dst.port=1/);
  expect(base('', 'retransmits')).toBe('flows protocol=tcp retransmits>0');
  expect(worstQuery('', 'port', 'p99_rtt')).toContain('by dst.port | order by p99_rtt desc');
});

it('reads rows of a table', () => {
  const names = ['src.node', 'dst.node', 'p99_rtt', 'sum_retransmits', 'sum_packets'];
  const answer = {
    columns: names.map((name) => ({ name, type: '' })),
    rows: [['a', null, 1.5, 2, 100]],
  } as unknown as QueryAnswer;
  const [row] = worstRows(answer, 'nodes');
  expect(row?.names).toEqual(['a', '']);
  expect(row?.conditions).toBe('src.node="a" dst.node=none');
  expect(row?.values.p99_rtt).toBe(1.5);
  expect(row?.values.sum_resets).toBeNull();
  expect(row && shareOf(row, 'sum_retransmits')).toBe(0.02);
  expect(row && shareOf(row, 'sum_resets')).toBeUndefined();
  expect([valueQuery('p99_rtt'), valueQuery('sum_zero_windows')]).toEqual([
    'rtt!=none',
    'zero_windows>0',
  ]);
});

it('has the fullest link first', () => {
  const use = (utilisation: number, peak: number, speed = 1000) => ({
    speed_bits_per_second: speed,
    utilisation,
    peak_100ms_bits_per_second: peak,
    peak_1s_bits_per_second: 0,
    microbursts: 0,
    unmeasured_windows: 0,
  });
  const link = (name: string, rx: ReturnType<typeof use>, attached = true): Link => ({
    name,
    role: '',
    attached,
    up: true,
    rx: { bytes_per_second: 0 },
    tx: { bytes_per_second: 0 },
    rx_use: rx,
    tx_use: use(0, 0),
  });
  expect(
    worstLinks([
      link('idle', use(0, 0)),
      link('peaks', use(0.1, 900)),
      link('full', use(0.9, 900)),
      link('steady', use(0.1, 100)),
      link('nobody', use(1, 1), false),
      link('unknown', use(0, 5000, 0)),
    ]).map(({ name }) => name),
  ).toEqual(['full', 'peaks', 'steady', 'unknown', 'idle']);
  expect([0.1, 0.5, 0.9].map(tone)).toEqual(['', 'warn', 'bad']);
});
