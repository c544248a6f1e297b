// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { QueryAnswer } from '../../api/types';
import { isUsual, sumDrops } from './drops';

const time = (second: number) => new Date(second * 1000).toISOString();

it('sums drops by reason and over time', () => {
  const columns = ['time', 'drop.reason', 'drop.hook', 'sum_packets'].map((name) => ({
    name,
    type: '',
  }));
  const answer = {
    columns,
    rows: [
      [time(60), 'NO_SOCKET', 'tcp', 30],
      [time(60), 'NO_SOCKET', 'udp', 30],
      [time(120), 'QUEUE_PURGE', 'socket', 15],
    ],
    since: time(60),
    until: null,
    kept_since: time(0),
    completeness: { until: time(150) },
  } as unknown as QueryAnswer;
  const sum = sumDrops(answer, 60_000);
  expect(sum.packets).toBe(75);
  expect(sum.reasons).toEqual([
    { reason: 'NO_SOCKET', hooks: ['tcp', 'udp'], packets: 60 },
    { reason: 'QUEUE_PURGE', hooks: ['socket'], packets: 15 },
  ]);
  expect(sum.steps).toEqual([
    { from: 60, until: 120, value: 1 },
    { from: 120, until: 150, value: 0.5 },
  ]);
  expect([isUsual('QUEUE_PURGE'), isUsual('NETFILTER_DROP')]).toEqual([true, false]);
});
