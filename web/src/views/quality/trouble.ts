// SPDX-License-Identifier: Apache-2.0
// Retransmits and their like over time, a minute.
import { columnIndex, number } from '../../api/query';
import type { QueryAnswer } from '../../api/types';
import { firstWholeStep, type Range } from '../../format/ranges';
import { parseTime } from '../../format/time';
import type { Timeline } from '../../parts/timeline';

const columns: readonly (readonly string[])[] = [
  ['sum_retransmits', 'sum_reverse_retransmits'],
  ['sum_resets', 'sum_reverse_resets'],
  ['sum_zero_windows'],
  ['sum_out_of_order'],
];
/** What a moment of a step had is no rate. */
const LEAST_MS = 2_000;

export function troubleTimeline(answer: QueryAnswer, range: Range): Timeline {
  const { stepMs } = range;
  const until = parseTime(answer.until ?? answer.completeness?.until);
  const kept = parseTime(answer.kept_since);
  const first = firstWholeStep(until, range);
  const begin = Number.isNaN(kept) ? first : Math.max(first, kept);
  const at = columns.map((names) => names.map((name) => columnIndex(answer.columns, name)));
  const time = columnIndex(answer.columns, 'time');
  const rows = new Map(answer.rows.map((row) => [parseTime(String(row[time])), row]));
  const line = {
    from: [] as number[],
    until: [] as number[],
    values: columns.map(() => [] as number[]),
  };
  for (let start = Math.floor(begin / stepMs) * stepMs; start < until; start += stepMs) {
    const [left, right] = [Math.max(begin, start), Math.min(until, start + stepMs)];
    if (right - left < LEAST_MS) continue;
    const row = rows.get(start);
    line.from.push(left / 1000);
    line.until.push(right / 1000);
    at.forEach((places, series) => {
      const sum = row ? places.reduce((all, place) => all + number(row[place]), 0) : 0;
      line.values[series]?.push((sum * 60_000) / (right - left));
    });
  }
  return { range: [first / 1000, until / 1000], ...line };
}
