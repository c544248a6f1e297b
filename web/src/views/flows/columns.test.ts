// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { defaultColumns, endText, fieldsToAsk, inParts, sortedBy, type Get } from './columns';

const getter =
  (values: Record<string, string | number | null>): Get =>
  (name) =>
    values[name];

it('names an end as well as it is known', () => {
  const ip = { 'src.ip': '10.0.0.1', 'src.port': 53, protocol: 'udp' };
  expect(endText(getter(ip), 'src')).toBe('10.0.0.1:53');
  expect(endText(getter({ ...ip, 'src.name': 'web', 'src.namespace': 'shop' }), 'src')).toBe(
    'shop/web:53',
  );
  expect(endText(getter({ ...ip, 'src.name': 'node1', 'src.namespace': null }), 'src')).toBe(
    'node1:53',
  );
  expect(endText(getter({ ...ip, 'src.ip': 'fd00::1' }), 'src')).toBe('[fd00::1]:53');
  expect(endText(getter({ ...ip, protocol: 'icmp6' }), 'src')).toBe('10.0.0.1');
});

it('asks for what links need, once', () => {
  const fields = fieldsToAsk(['time', 'src', 'dst', 'bytes', 'src.ip'], true);
  expect(fields).toContain('dst.namespace');
  expect(fields).toContain('dst.port');
  expect(new Set(fields).size).toBe(fields.length);
  expect(fields).not.toContain('src');
  expect(fieldsToAsk(['time'], false)).not.toContain('src.name');
  expect(defaultColumns('flows', false)).not.toContain('observer');
});

it('sorts with what is not known last, and keeps equals in order', () => {
  const rows = [{ v: 2 }, { v: null }, { v: 10 }, { v: 2, second: true }];
  expect(sortedBy(rows, (row) => row.v, true).map((row) => row.v)).toEqual([10, 2, 2, null]);
  expect(sortedBy(rows, (row) => row.v, false).map((row) => row.v)).toEqual([2, 2, 10, null]);
  expect(sortedBy(rows, (row) => row.v, true)[1]).toBe(rows[0]);
});

it('asks for no more fields than a query takes', () => {
  const names = ['time', ...Array.from({ length: 70 }, (_, index) => `f${index}`)];
  expect(fieldsToAsk(names, true).length).toBe(24);
  expect(fieldsToAsk(names, false).length).toBe(32);
  const parts = inParts(names, 24);
  expect(parts.every((part) => part.length <= 24 && part[0] === 'time')).toBe(true);
  expect(new Set(parts.flat())).toEqual(new Set(names));
});
