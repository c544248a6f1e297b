// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { QueryAnswer } from '../../api/types';
import { binned, joined, spansOf, timelineOf, total, type Span } from './history';
import { noTraffic, retransmitShare, trafficReader } from './traffic';

const names = [
  'time',
  'direction',
  'protocol',
  'sum_bytes',
  'sum_reverse_bytes',
  'sum_packets',
  'sum_reverse_packets',
  'sum_retransmits',
  'sum_reverse_retransmits',
  'sum_connections',
];
const columns = names.map((name) => ({ name, type: 'count' }));
const time = (second: number) => new Date(second * 1000).toISOString();
const answer = {
  columns,
  rows: [
    [time(60), 'ingress', 'tcp', 100, 10, 5, 5, 1, 0, 2],
    [time(60), 'egress', 'udp', 7, 3, 2, 1, 0, 0, 0],
    [time(180), 'inter-node', 'tcp', 50, 50, 4, 6, 0, 1, 1],
  ],
  since: time(70),
  until: null,
  kept_since: time(0),
  completeness: { until: time(200) },
} as unknown as QueryAnswer;

const span = (from: number, until: number, bytes: number): Span => ({
  from,
  until,
  traffic: { ...noTraffic(), in: bytes },
});
const brief = (spans: Span[]) => spans.map(({ from, until, traffic }) => [from, until, traffic.in]);

it('reads which way bytes went', () => {
  const read = trafficReader(columns);
  const [ingress, egress, between] = answer.rows.map(read);
  expect([ingress?.in, ingress?.out, ingress?.tcpPackets]).toEqual([100, 10, 10]);
  expect([egress?.in, egress?.out, egress?.tcpPackets]).toEqual([3, 7, 0]);
  expect([between?.between, between?.connections]).toEqual([100, 1]);
  expect(between && retransmitShare(between)).toBe(0.1);
  expect(retransmitShare(noTraffic())).toBeUndefined();
});

it('has a span for each step, of what is known', () => {
  const spans = spansOf(answer, 60_000);
  expect(brief(spans)).toEqual([
    [70_000, 120_000, 103],
    [120_000, 180_000, 0],
    [180_000, 200_000, 0],
  ]);
  const begun = spansOf({ ...answer, until: time(190) }, 60_000);
  expect(begun.at(-1)?.from).toBe(120_000);
  expect(begun.at(-1)?.until).toBe(190_000);
  expect(begun.at(-1)?.traffic.between).toBe(100);
  expect(total(spans).seconds).toBe(130);
  expect(total(spans).traffic.connections).toBe(3);
  expect(spansOf({ ...answer, kept_since: time(150) }, 60_000)[0]?.from).toBe(150_000);
});

it('joins live windows to history and leaves holes', () => {
  const live = binned(
    [
      span(98, 99, 1),
      span(99, 102, 1),
      span(102, 104, 1),
      span(104, 106, 3),
      span(110, 112, 4),
    ].map((one) => ({
      ...one,
      from: one.from * 1000,
      until: one.until * 1000,
    })),
    4_000,
  );
  expect(brief(live)).toEqual([
    [98_000, 104_000, 3],
    [104_000, 106_000, 3],
    [110_000, 112_000, 4],
  ]);
  const history = [span(60_000, 90_000, 30), span(90_000, 108_000, 18)];
  expect(brief(joined(history, live))).toEqual([
    [60_000, 90_000, 30],
    [90_000, 98_000, 8],
    [98_000, 104_000, 3],
    [104_000, 106_000, 3],
    [106_000, 108_000, 2],
    [110_000, 112_000, 4],
  ]);
  expect(brief(joined([], live))).toEqual(brief(live));
});

it('waits for half a bin', () => {
  const windows = [span(8_000, 10_000, 1), span(10_000, 12_000, 1), span(12_000, 14_000, 1)];
  expect(brief(binned(windows, 10_000))).toEqual([[8_000, 14_000, 3]]);
  expect(brief(binned(windows.slice(0, 2), 10_000))).toEqual([]);
  const more = [...windows, span(14_000, 20_000, 1), span(20_000, 24_000, 1)];
  expect(brief(binned(more, 10_000))).toEqual([[8_000, 20_000, 4]]);
});

it('makes rates', () => {
  const line = timelineOf(
    [span(0, 2_000, 10), span(2_000, 4_000, 0)],
    [1_000, 4_000],
    [(traffic, seconds) => traffic.in / seconds, retransmitShare],
  );
  expect(line.values).toEqual([
    [5, 0],
    [null, null],
  ]);
});
