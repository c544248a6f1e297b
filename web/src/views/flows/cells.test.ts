// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { cellText, conditionFor, exactText, isMeasure, isNumber, timeText } from './cells';

const now = new Date(2026, 10, 27, 18, 0, 0).getTime();

it('shows units', () => {
  const text = (name: string, type: string, value: number, unit?: string) =>
    cellText({ name, type, ...(unit ? { unit } : {}) }, value, now);
  expect(text('sum_bytes', 'count', 1048576)).toBe('1.00 MiB');
  expect(text('rate_total_bytes', 'count', 2048)).toBe('2.00 KiB/s');
  expect(text('rate_packets', 'count', 2000)).toBe('2.00 k/s');
  expect(text('p50_rtt', 'duration', 0.16, 'ms')).toBe('160 µs');
  expect(text('distinct_bytes', 'count', 2048)).toBe('2.05 k');
  expect(text('dst.port', 'number', 8081)).toBe('8081');
  expect(cellText({ name: 'rtt', type: 'duration' }, null, now)).toBe('–');
  expect(exactText({ name: 'bytes', type: 'count' }, 1234567)).toBe('1234567 B');
});

it('shows times of the day, and the day of others', () => {
  const iso = (...parts: [number, number, number, number, number, number, number]) =>
    new Date(...parts).toISOString();
  expect(timeText(iso(2026, 10, 27, 17, 5, 9, 94), now)).toBe('17:05:09.094');
  expect(timeText(iso(2026, 10, 26, 17, 5, 9, 0), now)).toBe('11-26 17:05:09');
  expect(timeText(iso(2026, 9, 27, 17, 5, 9, 0), now)).toBe('10-27 17:05:09');
  expect(timeText('<b>', now)).toBe('<b>');
});

it('knows sums', () => {
  const is = (name: string, type: string) => isMeasure({ name, type });
  expect(['count', 'sum_bytes', 'p99_rtt', 'p99_9_rtt'].every((one) => is(one, 'count'))).toBe(
    true,
  );
  expect(['dst.port', 'protocol', 'time', 'le'].some((one) => is(one, 'number'))).toBe(false);
  expect(isNumber({ name: 'retransmits', type: 'count' })).toBe(true);
  expect(isNumber({ name: 'src.port', type: 'number' })).toBe(false);
});

it('writes conditions that mean the value itself', () => {
  expect(conditionFor('src.ip', 'address', 'fd10::3')).toBe('src.ip=fd10::3');
  expect(conditionFor('dst.port', 'number', 443)).toBe('dst.port=443');
  expect(conditionFor('src.pod', 'text', 'web-1')).toBe('src.pod=web-1');
  expect(conditionFor('src.process', 'text', '80')).toBe('src.process="80"');
  expect(conditionFor('src.pod', 'text', 'web-*')).toBe('src.pod="web-*"');
  expect(conditionFor('src.pod', 'text', '<a "b\\">')).toBe('src.pod="<a \\"b\\\\\\">"');
  expect(conditionFor('src.name', 'text', 'none')).toBe('src.name="none"');
  expect(conditionFor('service', 'text', null)).toBe('service=none');
  expect(conditionFor('tcp_flags', 'flags', 'syn+ack')).toBe('tcp_flags=syn+ack');
  expect(conditionFor('rtt', 'duration', 0.16)).toBe('rtt=0.16ms');
});
