// SPDX-License-Identifier: Apache-2.0
// Traffic over time: what history tells, and behind it what came live since.
import { columnIndex, text } from '../../api/query';
import type { QueryAnswer, WindowEvent } from '../../api/types';
import { parseTime } from '../../format/time';
import type { Timeline } from '../../parts/timeline';
import { addTraffic, noTraffic, trafficReader, type Traffic } from './traffic';

/** ms since 1970. */
export interface Span {
  from: number;
  until: number;
  traffic: Traffic;
}

/** Where an answer's data begins and ends: what was kept, and the moment of the question. */
export function boundsOf(answer: QueryAnswer): [number, number] {
  const asked = parseTime(answer.since);
  const kept = parseTime(answer.kept_since);
  const until = parseTime(answer.until ?? answer.completeness?.until);
  return [Number.isNaN(kept) ? asked : Math.max(asked, kept), until];
}

/** A span for each step of the answer, also where nothing happened. */
export function spansOf(answer: QueryAnswer, stepMs: number): Span[] {
  const [from, until] = boundsOf(answer);
  if (!(until > from)) return [];
  const time = columnIndex(answer.columns, 'time');
  const read = trafficReader(answer.columns);
  const sums = new Map<number, Traffic>();
  for (const row of answer.rows) {
    const start = parseTime(text(row[time]));
    const sum = sums.get(start) ?? noTraffic();
    addTraffic(sum, read(row));
    sums.set(start, sum);
  }
  const spans: Span[] = [];
  for (let start = Math.floor(from / stepMs) * stepMs; start < until; start += stepMs)
    spans.push({
      from: Math.max(from, start),
      until: Math.min(until, start + stepMs),
      traffic: sums.get(start) ?? noTraffic(),
    });
  // The step that has just begun: too little of it for a rate.
  const [before, last] = spans.slice(-2);
  if (before && last && last.until - last.from < stepMs / 4) {
    addTraffic(before.traffic, last.traffic);
    before.until = last.until;
    spans.pop();
  }
  return spans;
}

export function spanOf(window: WindowEvent): Span {
  const read = trafficReader(window.columns);
  const traffic = noTraffic();
  for (const row of window.rows) addTraffic(traffic, read(row));
  return { from: parseTime(window.since), until: parseTime(window.until), traffic };
}

/**
 * Neighbouring windows together, in bins of `binMs` by the clock; a hole begins a new one. Of
 * the first and the last of a run less than half may be known: too little for a rate. The first
 * joins its neighbour, the last waits.
 */
export function binned(windows: readonly Span[], binMs: number): Span[] {
  const bins: Span[] = [];
  /** The first of the run. */
  let begun: Span | undefined;
  for (const { from, until, traffic } of windows) {
    const last = bins.at(-1);
    const neighbours = last !== undefined && Math.abs(from - last.until) < 100;
    const joins =
      neighbours &&
      // A window's middle: its bounds may be off by some ms.
      (Math.floor((from + until) / 2 / binMs) ===
        Math.floor((last.from + last.until) / 2 / binMs) ||
        (last === begun && last.until - last.from < binMs / 2));
    if (!neighbours) begun = undefined;
    if (joins) {
      last.until = until;
      addTraffic(last.traffic, traffic);
    } else {
      const bin = { from, until, traffic: { ...traffic } };
      if (!neighbours) begun = bin;
      bins.push(bin);
    }
  }
  const last = bins.at(-1);
  if (last && last.until - last.from < binMs / 2) bins.pop();
  return bins;
}

/** Live spans as they are, and history where there are none: nothing that was drawn changes. */
export function joined(history: readonly Span[], live: readonly Span[]): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const span of history) {
    let from = span.from;
    for (; at < live.length; at += 1) {
      const next = live[at] as Span;
      if (next.from >= span.until) break;
      if (next.from > from) spans.push(part(span, from, next.from));
      spans.push(next);
      from = Math.max(from, next.until);
    }
    if (from < span.until) spans.push(part(span, from, span.until));
  }
  return [...spans, ...live.slice(at)];
}

function part(span: Span, from: number, until: number): Span {
  if (from === span.from && until === span.until) return span;
  const share = (until - from) / (span.until - span.from);
  const traffic = { ...span.traffic };
  for (const key of Object.keys(traffic) as (keyof Traffic)[]) traffic[key] *= share;
  return { from, until, traffic };
}

/** Per second; a value that has none in a span is null there. */
export function timelineOf(
  spans: readonly Span[],
  range: readonly [number, number],
  values: readonly ((traffic: Traffic, seconds: number) => number | null | undefined)[],
): Timeline {
  const seen = spans.filter(({ from, until }) => until > range[0] && until > from);
  return {
    range: [range[0] / 1000, range[1] / 1000],
    from: seen.map(({ from }) => from / 1000),
    until: seen.map(({ until }) => until / 1000),
    values: values.map((value) =>
      seen.map(({ from, until, traffic }) => value(traffic, (until - from) / 1000) ?? null),
    ),
  };
}

/** Traffic of so many seconds. */
export interface Sum {
  traffic: Traffic;
  seconds: number;
}

export function total(spans: readonly Span[]): Sum {
  const traffic = noTraffic();
  let ms = 0;
  for (const span of spans) {
    addTraffic(traffic, span.traffic);
    ms += span.until - span.from;
  }
  return { traffic, seconds: ms / 1000 };
}
