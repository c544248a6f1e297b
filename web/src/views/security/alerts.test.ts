// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { QueryAnswer } from '../../api/types';
import {
  addressOf,
  alertsOfHistory,
  flowsBehind,
  historyQuery,
  matches,
  measured,
  merged,
  nameOf,
  type AlertFilter,
} from './alerts';
import type { FullAlert } from './types';

const all: AlertFilter = { state: '', severity: '', kind: '', muted: false };

function alert(id: string, change: Partial<FullAlert> = {}): FullAlert {
  return {
    id,
    kind: 'port_scan',
    severity: 'medium',
    state: 'active',
    summary: '',
    source: { ip: '10.0.0.1' },
    target: { ip: 'fd00::1', port: 22 },
    first_seen: '2026-01-01T00:01:00.000000000Z',
    last_seen: '2026-01-01T00:02:00Z',
    opened: `2026-01-01T00:01:0${id}Z`,
    updated: '2026-01-01T00:02:00Z',
    count: 1,
    evidence: {},
    ...change,
  };
}

it('puts what comes live into the list, newest begun first', () => {
  const listed = [alert('2'), alert('1')];
  const live = [
    alert('3'),
    alert('1', { count: 9, updated: '2026-01-01T00:03:00Z' }),
    alert('2', { count: 7, updated: '2026-01-01T00:00:00Z' }),
  ];
  const shown = merged(listed, live, all);
  expect(shown.map(({ id, count }) => [id, count])).toEqual([
    ['3', 1],
    ['2', 1],
    ['1', 9],
  ]);
});

it('takes out what does not match any more', () => {
  const over = alert('1', { state: 'resolved', updated: '2026-01-01T00:03:00Z' });
  expect(merged([alert('1')], [over], { ...all, state: 'active' })).toEqual([]);
  expect(matches(alert('1', { muted: true }), all)).toBe(false);
  expect(matches(alert('1'), { ...all, severity: 'high' })).toBe(false);
  expect(matches(alert('1'), { ...all, severity: 'low', kind: 'port_scan' })).toBe(true);
});

it('asks for flows between the ends around the time', () => {
  expect(flowsBehind(alert('1'))).toEqual({
    q: 'ip=10.0.0.1 ip=fd00::1 port=22',
    since: '2026-01-01T00:00:00.000Z',
    until: '2026-01-01T00:03:00.000Z',
  });
  expect(addressOf({ text: '10.7.7.0/24' })).toBe('10.7.7.0/24');
  expect(addressOf({ text: 'bad.example.org' })).toBeUndefined();
  expect(addressOf({ text: 'cafe' })).toBeUndefined();
  expect(nameOf({ ip: '10.0.0.1', name: 'shop/web' })).toBe('shop/web');
});

it('writes a query for history, with what somebody typed in parentheses', () => {
  const q = historyQuery(
    { ...all, kind: 'a "b"', severity: 'high' },
    'alerts src.ip=10.0.0.1 or dst.port=22',
    '1h',
  );
  expect(q).toMatch(
    /^alerts alert\.kind="a \\"b\\"" alert\.severity>=high \( src\.ip=10\.0\.0\.1 or dst\.port=22\) \| fields time, /,
  );
  expect(q).toMatch(/ \| last 1h$/);
});

it('reads history: the last that was told of each, whatever its evidence is', () => {
  const names = ['time', 'observer', 'alert.id', 'alert.kind', 'alert.severity', 'alert.evidence'];
  const answer = {
    columns: [...names, 'src.namespace', 'src.name'].map((name) => ({ name, type: 'text' })),
    rows: [
      ['2', 'a', 'x', 'flood', 'high', '{"change":"resolved","opened":"1","value":5}', 's', 'w'],
      ['1', 'a', 'x', 'flood', 'low', '{"change":"opened"}', null, null],
      ['1', 'b', 'y', 'flood', 'low', 'no json', null, null],
    ],
  } as unknown as QueryAnswer;
  const alerts = alertsOfHistory(answer, all);
  expect(alerts.map(({ id, state, severity }) => [id, state, severity])).toEqual([
    ['x', 'resolved', 'high'],
    ['y', 'active', 'low'],
  ]);
  expect(alerts[0]?.evidence.value).toBe(5);
  expect(alerts[0]?.source.name).toBe('s/w');
  expect(alertsOfHistory(answer, { ...all, state: 'active' })).toHaveLength(1);
});

it('writes what was measured', () => {
  expect(measured(1234.56)).toBe('1,235');
  expect(measured(12.34)).toBe('12.3');
  expect(measured(0.98765)).toBe('0.988');
});
