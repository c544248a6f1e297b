// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { accountsOf, mergeLosses, offOf, sumProbes, troubleOf, unobservedOf } from './health';

it('sums probes over nodes', () => {
  const lost = [{ stage: 'flow', cause: 'ring_full', count: 2 }];
  const flow = { name: 'flow', state: 'on', rung: 'tcx', why: '', lost };
  const xdp = { name: 'xdp', state: 'off', rung: '', why: '--enable-xdp=false', lost: [] };
  expect(
    sumProbes([
      { node: 'a', ...flow },
      { node: 'a', ...xdp },
      { node: 'b', ...flow, rung: 'tc' },
      { node: 'b', ...xdp },
    ]),
  ).toEqual([
    { name: 'flow', on: 2, all: 2, not: [], rungs: ['tcx', 'tc'], lost: 4 },
    {
      name: 'xdp',
      on: 0,
      all: 2,
      not: [{ state: 'off', why: '--enable-xdp=false', nodes: ['a', 'b'] }],
      rungs: [],
      lost: 0,
    },
  ]);
});

it('counts a loss once that two answers tell of', () => {
  expect(
    mergeLosses({ 'drop.folded': 3, 'a.b': 0 }, { 'drop.folded': 2, 'nat/x': 9 }, undefined, {
      history: { queue_full: 5 },
    }),
  ).toEqual([
    ['nat.x', 9],
    ['history.queue_full', 5],
    ['drop.folded', 3],
  ]);
});

it('checks that totals add up', () => {
  const unattributed = { non_ip: 3, malformed: 0 };
  expect(accountsOf({ packets: 10, flow_packets: 7, unattributed, difference: 0 })).toEqual({
    seen: 10,
    inFlows: 7,
    inNone: 3,
    causes: [['non_ip', 3]],
    counting: 0,
    adds: true,
  });
  expect(accountsOf({ packets: 12, flow_packets: 7, unattributed, difference: 2 }).adds).toBe(
    false,
  );
});

it('names nodes that need a look', () => {
  const agent = {
    address: '10.0.0.1:8082',
    version: '',
    since: '',
    failures: 0,
    last_contact: '2026-11-27T10:00:00Z',
    clock_difference_seconds: 0.01,
  };
  expect(
    troubleOf({
      agents: [
        { ...agent, node: 'a', state: 'ready' },
        { ...agent, node: 'b', state: 'ready', clock_difference_seconds: -3 },
        { ...agent, node: '', state: 'unreachable', problem: 'refused' },
      ],
      ready: 2,
      nodes_without_agent: ['d'],
    }).map(({ is, name }) => [is, name]),
  ).toEqual([
    ['away', '10.0.0.1:8082'],
    ['without', 'd'],
    ['clock', 'b'],
  ]);
});

it('says what is not observed once, with its nodes', () => {
  const lo = { name: 'lo', up: true, attached: false, reason: 'not in the interface filter' };
  const not = [{ state: 'off', why: 'flag', nodes: ['a', 'b'] }];
  const xdp = { name: 'xdp', on: 0, all: 2, not, rungs: [], lost: 0 };
  expect(
    unobservedOf(
      [xdp],
      [
        { node: 'a', ...lo },
        { node: 'b', ...lo },
        { node: 'b', ...lo, name: 'eth0', attached: true },
      ],
    ),
  ).toEqual([
    { kind: 'probe', name: 'xdp', why: 'flag', nodes: ['a', 'b'] },
    { kind: 'interface', name: 'lo', why: 'not in the interface filter', nodes: ['a', 'b'] },
  ]);
});

it('knows a probe that is on nowhere', () => {
  const probe = { name: 'drop', state: 'off', rung: '', why: 'flag', lost: [] };
  expect(offOf('drop', [probe])).toBe('flag');
  expect(offOf('drop', [probe, { ...probe, state: 'on' }])).toBeUndefined();
  expect(offOf('flow', [probe])).toBeUndefined();
});
