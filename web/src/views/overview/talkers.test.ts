// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { QueryAnswer } from '../../api/types';
import { nameless, talkersOf } from './talkers';

const answer = (rows: unknown[][]) =>
  ({
    columns: [
      'src.namespace',
      'src.workload',
      'dst.namespace',
      'dst.workload',
      'sum_total_bytes',
    ].map((name) => ({ name, type: '' })),
    rows,
  }) as unknown as QueryAnswer;

it('names both sides, and asks for what it shows', () => {
  const [one] = talkersOf(answer([['shop', 'a"b', null, null, 7]]), 'workloads');
  expect(one?.src).toBe('shop/a"b');
  expect(one?.dst).toBe('');
  expect(one?.bytes).toBe(7);
  expect(one?.q).toContain(
    'src.namespace="shop" src.workload="a\\"b" dst.namespace=none dst.workload=none',
  );
});

it('knows when there are no names', () => {
  expect(nameless(talkersOf(answer([[null, null, null, null, 7]]), 'workloads'))).toBe(true);
  expect(nameless(talkersOf(answer([['a', 'b', null, null, 7]]), 'workloads'))).toBe(false);
  expect(nameless([])).toBe(false);
});
