// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { AlertBook, type Alert, type AlertList } from './alert_book';

const alert = (id: string, state: Alert['state'] = 'active', node = 'a'): Alert => ({
  node,
  id,
  kind: 'port_scan',
  severity: 'high',
  state,
  summary: '',
  first_seen: '',
  last_seen: '',
  count: 1,
});
const list = (alerts: Alert[], more: object = {}) =>
  ({
    alerts,
    next_cursor: null,
    completeness: { agents: 2, answered: 2, missing: [] },
    ...more,
  }) as unknown as AlertList;
const keys = (book: AlertBook) => [...book.copy().keys()];

it('forgets what ended while nobody told, and keeps what was told meanwhile', () => {
  const book = new AlertBook();
  for (const id of ['ended', 'goes on']) book.take(alert(id));
  book.beginList();
  book.take(alert('new'));
  book.take(alert('over', 'resolved'));
  expect(book.takeList(list([alert('goes on'), alert('missed'), alert('over')]))).toBe(true);
  expect(keys(book).sort()).toEqual(['a/goes on', 'a/missed', 'a/new', 'a/over']);
  expect(book.copy().get('a/over')?.state).toBe('resolved');
});

it('keeps alerts that a list could not have', () => {
  const book = new AlertBook();
  book.take(alert('1'));
  book.take(alert('1', 'active', 'b'));
  book.beginList();
  const missing = [{ node: 'b', address: '10.0.0.2', problem: 'timeout' }];
  const part = { partial: true, completeness: { agents: 2, answered: 1, missing } };
  expect(book.takeList(list([], part))).toBe(false);
  expect(keys(book)).toEqual(['b/1']);
  expect(book.takeList(list([], { next_cursor: 'x' }))).toBe(false);
  const nameless = { partial: true, completeness: { agents: 2, answered: 1, missing: [] } };
  expect(book.takeList(list([], nameless))).toBe(false);
  expect(keys(book)).toEqual(['b/1']);
  expect(book.takeList(list([]))).toBe(true);
  expect(keys(book)).toEqual([]);
});

it('keeps the newest of those that are over', () => {
  const book = new AlertBook(2);
  book.take(alert('active'));
  for (const id of ['1', '2', '3']) book.take(alert(id, 'resolved'));
  book.take(alert('1', 'resolved'));
  expect(keys(book)).toEqual(['a/active', 'a/3', 'a/1']);
});
