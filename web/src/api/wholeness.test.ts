// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { everyLoss, lacksOf, lossesOf } from './wholeness';

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

it('reads losses as an agent and the server write them', () => {
  expect(
    lossesOf({
      'drop.folded': 2,
      'drop.unattributed': 3,
      'nat/table_full': 0,
      'detect/queue_full': 5,
      'history.detect/queue_full': 7,
    }),
  ).toEqual([
    ['drop', 5],
    ['detect', 12],
  ]);
});

it('reads losses and missing nodes of lists as agents and the server write them', () => {
  expect(everyLoss({ 'history.queue_full': 2, 'history.detect/queue_full': 3 })).toEqual([
    { stage: 'history', cause: 'queue_full', count: 2 },
    { stage: 'detect', cause: 'queue_full', count: 3 },
  ]);
  const completeness = {
    since: '',
    until: '',
    lost_since: '',
    complete: false,
    agents: 2,
    answered: 1,
    missing: [{ node: 'b', address: '', problem: '' }],
    lost: { 'history.queue_full': 2, 'history.disk_full': 1, 'flow.evicted': 0 },
  };
  expect(lacksOf({ completeness, partial: true })).toEqual([
    { is: 'missing_nodes', missing: 1, of: 2, names: ['b'] },
    { is: 'lost', count: 3, stages: ['history'] },
  ]);
});
