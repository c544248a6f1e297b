// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { modelOf, observationsOf } from './path_model';
import { pointsOf } from './path_points';
import type { Observation, PacketLoss, PathFlow, Sides } from './path_types';

const see = (
  name: string,
  role: string,
  direction: 'ingress' | 'egress',
  packets: number,
  reverse: number,
  more: Partial<Observation> = {},
): Observation => ({
  ...{ interface: name, role, direction, depth: 0, packets, bytes: packets * 100 },
  ...{ reverse_packets: reverse, reverse_bytes: reverse * 50, ...more },
});

const tuple = {
  protocol: 'tcp',
  src_ip: 'fd10:244:1::3',
  src_port: 39966,
  dst_ip: 'fd10:244:2::2',
  dst_port: 5201,
};
const inside = { depth: 1, tunnel: 'vxlan', vni: 1, outer_src_ip: 'a', outer_dst_ip: 'b' };
/** As the first node of a tunnel sees it: 11 of 405 are too big for the tunnel. */
const atClient: Observation[] = [
  see('eth0', 'uplink', 'egress', 394, 0, inside),
  see('veth1', 'pod', 'ingress', 405, 0),
  see('flannel-v6.1', 'tunnel', 'egress', 394, 0),
  see('cni0', 'bridge', 'ingress', 405, 0),
  see('cni0', 'bridge', 'egress', 0, 19),
  see('eth0', 'uplink', 'ingress', 0, 19, inside),
  see('flannel-v6.1', 'tunnel', 'ingress', 0, 19),
  see('veth1', 'pod', 'egress', 0, 19),
];
const atServer: Observation[] = [
  see('eth0', 'uplink', 'ingress', 394, 0, inside),
  see('flannel-v6.1', 'tunnel', 'ingress', 394, 0),
  see('cni0', 'bridge', 'egress', 394, 0),
  see('veth9', 'pod', 'egress', 394, 0),
  see('veth9', 'pod', 'ingress', 0, 19),
  see('cni0', 'bridge', 'ingress', 0, 19),
  see('flannel-v6.1', 'tunnel', 'egress', 0, 19),
  see('eth0', 'uplink', 'egress', 0, 19, inside),
];
const flow = (observations: Observation[], more: Partial<PathFlow> = {}) =>
  ({
    id: 7,
    ...tuple,
    ...{ packets: 405, bytes: 40500, reverse_packets: 19, reverse_bytes: 950, ended: false },
    ...{ first_seen: '', last_seen: '', direction: 'inter-node', observations },
    ...{ packets_per_second: 0, bytes_per_second: 0, ...more },
  }) as PathFlow;
const loss = (more: Partial<PacketLoss> = {}): PacketLoss => ({
  from: { interface: 'cni0', role: 'bridge', direction: 'ingress' },
  to: { interface: 'flannel-v6.1', role: 'tunnel', direction: 'egress' },
  flow: { id: 7, ...tuple },
  ...{ packets: 11, entered: 405, left: 394, last_seen: '', unexplained: 0 },
  explained_by: [{ reason: 'PKT_TOO_BIG', location: 'ip6_forward+0x351', packets: 11 }],
  ...more,
});
const names = (stops: { name: string; side?: string }[]) =>
  stops.map((one) => (one.side ? `${one.name} ${one.side}` : one.name));

it('puts points in the order that packets take, whatever order they come in', () => {
  const stops = pointsOf('node1', atClient);
  expect(names(stops)).toEqual(['veth1 in', 'cni0 in', 'flannel-v6.1 out', 'eth0 out']);
  expect(stops.map((one) => [one.forward?.packets, one.reverse?.packets])).toEqual([
    [405, 19],
    [405, 19],
    [394, 19],
    [394, 19],
  ]);
  expect(names(pointsOf('node2', atServer))).toEqual([
    'eth0 in',
    'flannel-v6.1 in',
    'cni0 out',
    'veth9 out',
  ]);
});

it('keeps points that one way alone takes', () => {
  const stops = pointsOf('n', [
    see('vethA', 'pod', 'ingress', 5, 0),
    see('vethB', 'pod', 'egress', 5, 0),
    see('vethB', 'pod', 'ingress', 0, 4),
    see('cni0', 'bridge', 'ingress', 0, 4),
    see('vethA', 'pod', 'egress', 0, 4),
  ]);
  expect(names(stops)).toEqual(['vethA in', 'cni0 out', 'vethB out']);
  expect(stops[1]?.forward).toBeUndefined();
  expect(
    pointsOf('n', [see('lo', 'loopback', 'ingress', 3, 3), see('lo', 'loopback', 'egress', 3, 3)])
      .length,
  ).toBe(2);
});

it('shows a loss in the hop where it is', () => {
  const model = modelOf([{ node: 'node1', flow: flow(atClient) }], [loss()]);
  expect(names(model.stops)).toEqual([
    'fd10:244:1::3',
    'veth1 in',
    'cni0 in',
    'flannel-v6.1 out',
    'eth0 out',
    'fd10:244:2::2',
  ]);
  expect(model.gaps.map((gap) => gap.forward.map((one) => one.packets))).toEqual([
    [],
    [],
    [11],
    [],
    [],
  ]);
  expect(model.gaps[2]?.forward[0]?.reasons[0]?.reason).toBe('PKT_TOO_BIG');
  expect(model.lost).toBe(11);
  // src is in this node, dst is not.
  expect(model.stops.map((one) => one.node)).toEqual([...Array(5).fill('node1'), '']);
  expect(model.gaps.map((gap) => gap.wire)).toEqual([false, false, false, false, true]);
});

it('turns the loss of what comes back', () => {
  const turned = { id: 7, protocol: 'tcp', src_ip: tuple.dst_ip, src_port: tuple.dst_port };
  const back = loss({ flow: { ...turned, dst_ip: tuple.src_ip, dst_port: tuple.src_port } });
  const model = modelOf([{ node: 'node2', flow: flow(atServer) }], [{ ...back, node: 'node2' }]);
  expect(names(model.stops).slice(1, -1)).toEqual([
    'eth0 in',
    'flannel-v6.1 in',
    'cni0 out',
    'veth9 out',
  ]);
  expect(model.gaps.findIndex((gap) => gap.reverse.length > 0)).toBe(2);
  expect(model.stops.map((one) => one.node)).toEqual(['', ...Array(5).fill('node2')]);
});

it('puts the points of two nodes in a line', () => {
  const model = modelOf(
    [
      { node: 'node2', flow: flow(atServer, { handshake_server_ms: 0.1 }) },
      {
        node: 'node1',
        flow: flow(atClient, { handshake_server_ms: 0.4, handshake_client_ms: 0.02 }),
      },
    ],
    [loss({ node: 'node1' })],
  );
  expect(model.stops.map((one) => one.node)).toEqual([
    ...Array(5).fill('node1'),
    ...Array(5).fill('node2'),
  ]);
  expect(model.gaps[4]?.wire).toBe(true);
  expect(model.gaps[4]?.rttOf).toBe('between');
  expect(model.gaps[4]?.rttMs).toBeCloseTo(0.3);
  expect([model.gaps[0]?.rttMs, model.gaps.at(-1)?.rttMs]).toEqual([0.02, 0.1]);
  // Not at the device of the same name at the other node.
  expect(model.gaps.map((gap) => gap.forward.length)).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0]);
});

it('shows a node of which only sums are told', () => {
  const side = { packets: 390, bytes: 1, reverse_packets: 19, reverse_bytes: 1 };
  const sides: Sides = {
    client: { node: 'node1', ...side, packets: 394 },
    server: { node: 'node2', ...side },
    lost_packets: 4,
    reverse_lost_packets: 0,
    between_nodes_rtt_ms: 0.116,
  };
  const model = modelOf(
    [{ node: 'node1', flow: flow(atClient, { sides, src_node: 'node1', dst_node: 'node2' }) }],
    [],
  );
  expect(model.stops.slice(-2).map((one) => [one.kind, one.node])).toEqual([
    ['node', 'node2'],
    ['dst', 'node2'],
  ]);
  expect(model.gaps[4]?.forward[0]?.packets).toBe(4);
  expect(model.gaps[4]?.rttMs).toBe(0.116);
  expect(model.lost).toBe(4);

  // What is lost within a node is lacking at the other, and yet lost once.
  const short = { ...sides, lost_packets: 11 };
  const once = modelOf(
    [{ node: 'node1', flow: flow(atClient, { sides: short, src_node: 'node1' }) }],
    [loss({ node: 'node1' })],
  );
  expect(once.lost).toBe(11);
  expect(once.gaps[4]?.forward).toEqual([]);
});

it('shows what is left of a flow that has ended, and a hop that took all', () => {
  const ended = flow([], { ended: true });
  const points = observationsOf(ended, [loss()]);
  const model = modelOf([{ node: 'node1', flow: { ...ended, observations: points } }], [loss()]);
  expect(names(model.stops).slice(1, -1)).toEqual(['cni0 in', 'flannel-v6.1 out']);
  expect(model.gaps[1]?.forward[0]?.packets).toBe(11);
  expect(model.stops.map((one) => one.node)).toEqual(['node1', 'node1', 'node1', '']);
  expect(model.stops[1]?.forward).toEqual({ packets: 405, bytes: Number.NaN });
  expect(model.stops[1]?.reverse).toBeUndefined();

  const all = loss({ packets: 405, left: 0 });
  const cut = flow(atClient.filter((one) => one.reverse_packets === 0 && one.packets === 405));
  const taken = modelOf([{ node: 'node1', flow: cut }], [all]);
  expect(names(taken.stops).slice(1, -1)).toEqual(['veth1 in', 'cni0 in', 'flannel-v6.1 out']);
  expect(taken.stops[3]?.forward?.packets).toBe(0);

  const nowhere = modelOf([{ node: 'node1', flow: cut }], [loss({ to: null })]);
  expect(nowhere.gaps[2]?.forward[0]?.nowhere).toBe(true);
  expect(modelOf([], [loss()])).toEqual({ stops: [], gaps: [], lost: 0 });
});
