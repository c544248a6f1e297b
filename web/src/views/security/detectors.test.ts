// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { byName, totalsOf } from './detectors';
import type { Detector } from './types';

it('adds up detectors of all nodes, and says at how many they are on', () => {
  const one: Detector = {
    name: 'flood',
    on: true,
    records: 5,
    findings: 1,
    not_followed: 0,
    bytes: 10,
    run_seconds: 0.5,
  };
  const off = { ...one, on: false, why: 'it failed', node: 'b' };
  expect(byName([one, off, { ...off, node: 'c' }])).toEqual([
    {
      name: 'flood',
      nodes: 3,
      on: 1,
      why: ['it failed'],
      records: 15,
      findings: 3,
      not_followed: 0,
      bytes: 30,
      run_seconds: 1.5,
    },
  ]);
});

it('adds up totals, the worst first', () => {
  expect(
    totalsOf([
      { node: 'a', kind: 'x', severity: 'low', count: 2 },
      { node: 'a', kind: 'y', severity: 'high', count: 1 },
      { node: 'b', kind: 'x', severity: 'low', count: 3 },
    ]),
  ).toEqual([
    { kind: 'y', severity: 'high', count: 1 },
    { kind: 'x', severity: 'low', count: 5 },
  ]);
});
