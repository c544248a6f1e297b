// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { ratesBetween } from '../../state/counter_rates.svelte';
import {
  accountsOf,
  alikeNodes,
  allLosses,
  lossReadings,
  readAt,
  saysOff,
  tally,
  uptimeSeconds,
  whoIsIn,
} from './state';
import type { Probe, ProbesAnswer, StatsAnswer } from './types';

function probe(change: Partial<Probe>): Probe {
  return {
    name: 'flow',
    state: 'on',
    rung: 'tcx',
    why: '',
    kernel_need: '',
    programs: [],
    runs: 0,
    run_time_ns: 0,
    events: 0,
    lost: [],
    ...change,
  };
}

it('puts nodes together whose probes are alike', () => {
  const probes = [
    probe({ node: 'n10' }),
    probe({ node: 'n2' }),
    probe({ node: 'odd', rung: 'clsact' }),
  ];
  const groups = alikeNodes({ probes });
  expect(groups.map((group) => group.nodes)).toEqual([['n2', 'n10'], ['odd']]);
  expect(alikeNodes({ node_name: 'me', probes: [probe({})] })[0]?.nodes).toEqual(['me']);
});

it('counts a loss once though probes and completeness both have it', () => {
  const lost = (count: number) => [{ stage: 'drop', cause: 'folded', count }];
  const probes: ProbesAnswer = {
    probes: [probe({ node: 'a', lost: lost(2) }), probe({ node: 'b', lost: lost(3) })],
    completeness: {
      since: '',
      until: '',
      lost_since: '',
      complete: false,
      lost: { 'drop.folded': 5, 'nat.twice': 1 },
    },
  };
  expect(allLosses(probes, undefined)).toEqual([
    { stage: 'drop', cause: 'folded', count: 5 },
    { stage: 'nat', cause: 'twice', count: 1 },
  ]);
});

it('tells whether accounts add up', () => {
  const unattributed = { non_ip: 1, malformed: 0, cache_full: 2, too_deep: 0 };
  const line = { packets: 10, flow_packets: 7, unattributed, difference: 0 };
  expect(accountsOf(line, 0)).toBe('even');
  expect(accountsOf({ ...line, packets: 12, difference: 2 }, 100)).toBe('under_way');
  expect(accountsOf({ ...line, packets: 12, difference: 2 }, 1)).toBe('uneven');
  expect(accountsOf({ ...line, packets: 12, difference: 2 }, 0)).toBe('uneven');
  expect(accountsOf({ ...line, packets: 9, difference: -1 }, 100)).toBe('uneven');
  expect(accountsOf({ ...line, difference: 1 }, 100)).toBe('uneven');
});

it('adds up how long agents have run', () => {
  const one = { started_at: '2026-01-01T00:00:00Z', last_updated: '2026-01-01T00:01:00Z' };
  expect(uptimeSeconds(one as StatsAnswer)).toBe(60);
  const nodes = [
    { node: 'a', ...one },
    { node: 'b', ...one },
    { node: 'c', last_updated: '' },
  ];
  expect(uptimeSeconds({ nodes } as unknown as StatsAnswer)).toBe(120);
});

it('tallies', () => {
  expect(tally(['6.1', '5.10', undefined, '6.1'])).toEqual([
    ['6.1', 2],
    ['5.10', 1],
  ]);
});

it('has no rate between sums of different nodes', () => {
  const time = (second: number) => new Date(second * 1000).toISOString();
  const answer = (names: string[], second: number, count: number): ProbesAnswer => ({
    probes: names.map((node) => probe({ node, lost: [{ stage: 'drop', cause: 'folded', count }] })),
    nodes: names.map((node) => ({ node, last_updated: time(second) })),
  });
  const both = lossReadings(answer(['a', 'b'], 10, 1000));
  const one = lossReadings(answer(['b'], 20, 1001));
  const again = lossReadings(answer(['b', 'a'], 30, 1010));
  expect([...ratesBetween(both, one), ...ratesBetween(one, again)]).toEqual([]);
  expect([...ratesBetween(both, again).values()]).toEqual([[1]]);
});

it('knows who is in a sum', () => {
  const of = (node: string, started_at: string) => ({ node, started_at, last_updated: '' });
  const before = whoIsIn({ nodes: [of('n2', '1'), of('n10', '1')] });
  expect(whoIsIn({ nodes: [of('n10', '1'), of('n2', '1')] })).toBe(before);
  expect(whoIsIn({ nodes: [of('n10', '2'), of('n2', '1')] })).not.toBe(before);
  expect(whoIsIn({ node_name: 'n2', started_at: '1' })).toBe('["n2 1"]');
  expect(readAt({ last_updated: '1970-01-01T00:00:01Z' })).toBe(1000);
});

it('tells a history that is off from one that did not answer', () => {
  expect(saysOff({ detail: 'history is off at this agent: --enable-history=true' })).toBe(true);
  expect(saysOff({ detail: '' })).toBe(false);
});
