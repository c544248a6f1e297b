// SPDX-License-Identifier: Apache-2.0
// Dropped packets by reason, out of an answer by reason, layer and step.
import { columnIndex, number, text } from '../../api/query';
import type { QueryAnswer } from '../../api/types';
import { parseTime } from '../../format/time';
import type { Step } from '../../parts/sparkline';
import { boundsOf } from './history';

export interface DropReason {
  reason: string;
  hooks: string[];
  packets: number;
}

export interface DropsSum {
  packets: number;
  perSecond: number;
  reasons: DropReason[];
  /** Packets a second. */
  steps: Step[];
}

/** docs/drops.md: a segment that came twice, what a closed socket had not read, others' frames. */
const usual = new Set(['TCP_OLD_DATA', 'QUEUE_PURGE', 'OTHERHOST']);
export const isUsual = (reason: string) => usual.has(reason);

export function sumDrops(answer: QueryAnswer, stepMs: number): DropsSum {
  const at = (name: string) => columnIndex(answer.columns, name);
  const [time, reason, hook, packets] = ['time', 'drop.reason', 'drop.hook', 'sum_packets'].map(at);
  const reasons = new Map<string, DropReason>();
  const byTime = new Map<number, number>();
  let all = 0;
  for (const row of answer.rows) {
    const value = number(row[packets as number]);
    const name = text(row[reason as number]);
    const layer = text(row[hook as number]);
    const start = parseTime(text(row[time as number]));
    const sum = reasons.get(name) ?? { reason: name, hooks: [], packets: 0 };
    sum.packets += value;
    if (layer && !sum.hooks.includes(layer)) sum.hooks.push(layer);
    reasons.set(name, sum);
    byTime.set(start, (byTime.get(start) ?? 0) + value);
    all += value;
  }
  const [from, until] = boundsOf(answer);
  const steps: Step[] = [];
  for (let start = Math.floor(from / stepMs) * stepMs; start < until; start += stepMs) {
    const [first, last] = [Math.max(from, start), Math.min(until, start + stepMs)];
    // What a moment after the step's beginning had is no rate.
    if (last - first < 1000) continue;
    const value = ((byTime.get(start) ?? 0) * 1000) / (last - first);
    steps.push({ from: first / 1000, until: last / 1000, value });
  }
  const sorted = [...reasons.values()].sort((a, b) => b.packets - a.packets);
  const perSecond = until > from ? (all * 1000) / (until - from) : 0;
  return { packets: all, perSecond, reasons: sorted, steps };
}
