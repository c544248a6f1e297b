// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { amountOf, keyOf, matrixOf, nodeNames, outerQuery, readingsOf, shade } from './matrix';
import type { FlannelAnswer, TunnelRow, TunnelsAnswer } from './types';

function row(change: Partial<TunnelRow>): TunnelRow {
  return {
    tunnel: 'vxlan',
    vni: 1,
    outer_src_ip: '10.0.0.1',
    outer_dst_ip: '10.0.0.2',
    direction: 'egress',
    interface: 'eth0',
    ifindex: 2,
    packets: 10,
    bytes: 1000,
    fragments: 0,
    counted_above: false,
    first_seen: '',
    last_seen: '',
    ...change,
  };
}
function answer(tunnels: TunnelRow[], more: Partial<TunnelsAnswer> = {}): TunnelsAnswer {
  return { tunnels, total: tunnels.length, next_cursor: null, newest: [], mtu: [], ...more };
}

it('names ends by who declares them, else by who sends from them', () => {
  const tunnels = [
    row({ node: 'a' }),
    row({ node: 'b', outer_src_ip: '10.0.0.2', outer_dst_ip: '10.0.0.1' }),
    row({ node: 'a', outer_src_ip: '10.0.0.9' }),
    row({ node: 'b', outer_src_ip: '10.0.0.9' }),
  ];
  const flannel = { nodes: [{ node_name: 'declared', public_ip: '10.0.0.2' }], devices: [] };
  const names = nodeNames(answer(tunnels), flannel as unknown as FlannelAnswer);
  expect(names.get('10.0.0.1')).toBe('a');
  expect(names.get('10.0.0.2')).toBe('declared');
  expect(names.has('10.0.0.9')).toBe(false);
});

it('adds up both address families, and keeps what was sent from what came', () => {
  const rows = [
    row({}),
    row({ outer_src_ip: 'fd00::1', outer_dst_ip: 'fd00::2', packets: 5, bytes: 50 }),
    row({ direction: 'ingress', node: 'b', packets: 9 }),
    row({ interface: 'bond0', counted_above: true }),
  ];
  const names = new Map([
    ['10.0.0.1', 'a'],
    ['fd00::1', 'a'],
    ['10.0.0.2', 'b'],
    ['fd00::2', 'b'],
  ]);
  const rates = new Map([[keyOf(rows[0]!), [2, 200]]]);
  const matrix = matrixOf(answer(rows, { node_name: 'a' }), rows, names, (key) => rates.get(key));
  const cell = matrix.cells.get('a')?.get('b');
  expect(matrix.nodes).toEqual(['a', 'b']);
  expect(cell?.sent).toEqual({ packets: 15, bytes: 1050, packetRate: 2, byteRate: 200 });
  expect(cell?.received?.packets).toBe(9);
  expect(amountOf(cell)?.packets).toBe(15);
  expect(matrix.most).toBe(200);
  expect(outerQuery(cell!.fromAddresses, cell!.toAddresses)).toBe(
    'src.ip in (10.0.0.1, fd00::1) dst.ip in (10.0.0.2, fd00::2)',
  );
});

it('reads counters by the clock of the node that counted', () => {
  const one = row({ node: 'a' });
  const times = { active: 0, new_tunnels: 0, folded: 0, last_updated: '1970-01-01T00:00:02Z' };
  const readings = readingsOf(answer([one], { nodes: [{ node: 'a', ...times }] }));
  expect(readings.get(keyOf(one))).toEqual({ at: 2000, values: [10, 1000] });
});

it('shades by magnitude', () => {
  expect(shade(0, 10)).toBe(0);
  expect(shade(20, 10)).toBe(1);
  expect(shade(10, 10)).toBe(1);
  expect(shade(1, 10)).toBeCloseTo(0.75);
  expect(shade(1e-9, 10)).toBe(0.08);
});
