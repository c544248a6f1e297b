// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { accountsOf, alikeNodes, allLosses, tally, uptimeSeconds } from './state';
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
