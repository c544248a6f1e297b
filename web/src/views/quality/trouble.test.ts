// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { QueryAnswer } from '../../api/types';
import { troubleTimeline } from './trouble';

it('tells trouble a minute, and 0 where nothing was', () => {
  const time = (second: number) => new Date(second * 1000).toISOString();
  const names = ['time', 'sum_retransmits', 'sum_reverse_retransmits', 'sum_zero_windows'];
  const answer = {
    columns: names.map((name) => ({ name, type: '' })),
    rows: [[time(120), 2, 1, 4]],
    since: time(0),
    until: null,
    kept_since: time(60),
    completeness: { until: time(150) },
  } as unknown as QueryAnswer;
  const line = troubleTimeline(answer, { name: '', ms: 150_000, stepMs: 60_000, step: '1m' });
  expect(line.range).toEqual([0, 150]);
  expect(line.from).toEqual([60, 120]);
  expect(line.until).toEqual([120, 150]);
  expect(line.values).toEqual([
    [0, 6],
    [0, 0],
    [0, 8],
    [0, 0],
  ]);
});
