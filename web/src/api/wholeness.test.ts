// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { lacksOf, lossesOf } from './wholeness';

it('says nothing of a whole answer', () => {
  expect(lacksOf(undefined)).toEqual([]);
  expect(
    lacksOf({
      truncated: false,
      warnings: [],
      sources: { agents: 2, answered: 2, missing: [], lost: {} },
    }),
  ).toEqual([]);
});

it('names nodes that are missing once', () => {
  const missing = [{ node: '', address: '10.0.0.1:8082', problem: 'not reached' }];
  const lacks = lacksOf({
    partial: true,
    warnings: ['1 of 2 nodes did not answer: 10.0.0.1:8082'],
    sources: {
      agents: 2,
      answered: 1,
      missing,
      lost: { flow_probe: { ring_full: 3, other: 0 }, x: { y: 0 } },
    },
  });
  expect(lacks).toEqual([
    { is: 'missing_nodes', missing: 1, of: 2, names: ['10.0.0.1:8082'] },
    { is: 'lost', count: 3, stages: ['flow_probe'] },
  ]);
});

it('sums losses however they are written', () => {
  expect(lossesOf({ 'detect.queue_full': 5, 'detect.other': 1, 'nat.x': 0 })).toEqual([
    ['detect', 6],
  ]);
  expect(lossesOf({ 'history/queue_full': 2 })).toEqual([['history', 2]]);
});
