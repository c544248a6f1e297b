// SPDX-License-Identifier: Apache-2.0
// A flow's way as stops in a line, from who began it to whom it went; what came back goes
// through the same stops from the other end. Between two stops packets may be lost.
import { keyOf, pointsOf, type Stop } from './path_points';
import type { LossPoint, Observation, PacketLoss, PathFlow, Sides, Tuple } from './path_types';
import { sameFlow } from './path_types';

export interface Lost {
  packets: number;
  reasons: { reason: string; location: string; packets: number }[];
  unexplained: number;
  /** The next point is not known. */
  nowhere: boolean;
  lastSeen: string;
}

/** Between stop i and i + 1. */
export interface Gap {
  forward: Lost[];
  reverse: Lost[];
  /** It is the way from a node to another. */
  wire: boolean;
  rttMs?: number;
  /** What the round trip is of. */
  rttOf?: 'client' | 'between' | 'server';
}

export interface PathModel {
  stops: Stop[];
  gaps: Gap[];
  lost: number;
  note?: string;
}

/** What one node tells. */
export interface Telling {
  node: string;
  flow: PathFlow;
}

/** Whether this node is where packets of src begin, or where they end. */
function placeOf(telling: Telling): { first: boolean; last: boolean } {
  const { flow, node } = telling;
  const stops = pointsOf(node, flow.observations);
  const local = (stop: Stop | undefined) =>
    stop?.role === 'pod' || stop?.role === 'bridge' || stop?.role === 'loopback';
  const [begin, end] = [stops[0], stops.at(-1)];
  const first = flow.src_node ? flow.src_node === node : local(begin) || begin?.side === 'out';
  const last = flow.dst_node ? flow.dst_node === node : local(end) || end?.side === 'in';
  return { first, last };
}

export function modelOf(tellings: readonly Telling[], losses: readonly PacketLoss[]): PathModel {
  const ordered = [...tellings].sort((a, b) => {
    const [left, right] = [placeOf(a), placeOf(b)];
    const weight = (place: { first: boolean; last: boolean }) =>
      (place.first ? 0 : 2) + (place.last ? 1 : 0);
    return weight(left) - weight(right);
  });
  const begin = ordered[0];
  const end = ordered.at(-1);
  if (!begin || !end) return { stops: [], gaps: [], lost: 0 };
  const flow = begin.flow;
  const sides = ordered.find((one) => one.flow.sides)?.flow.sides;
  const parts = ordered.map((one) => pointsOf(one.node, one.flow.observations));
  const other = otherNode(ordered, sides);
  if (other) parts.splice(other.before ? 0 : parts.length, 0, other.stops);

  const middle = parts.flat();
  const firstNode = middle[0]?.node ?? '';
  const lastNode = middle.at(-1)?.node ?? '';
  const src = endStop('src', flow, placeOf(begin).first || other?.before ? firstNode : '');
  const dst = endStop(
    'dst',
    end.flow,
    placeOf(end).last || (other && !other.before) ? lastNode : '',
  );
  const process = (key: 'client_process' | 'server_process') =>
    ordered.map((one) => one.flow[key]).find((one) => one !== undefined);
  const [client, server] = [process('client_process'), process('server_process')];
  if (client) src.process = `${client.comm} (${client.pid})`;
  if (server) dst.process = `${server.comm} (${server.pid})`;

  const stops = [src, ...middle, dst];
  addLossPoints(stops, flow, losses);
  const gaps = stops.slice(1).map((stop, index): Gap => ({
    forward: [],
    reverse: [],
    wire: stop.node !== stops[index]?.node,
  }));
  let lost = 0;
  for (const loss of losses) {
    const way = wayOf(flow, loss.flow);
    const at = way ? gapOf(stops, loss, way) : -1;
    if (!way || at < 0) continue;
    lost += loss.packets;
    gaps[at]?.[way].push({
      packets: loss.packets,
      reasons: loss.explained_by,
      unexplained: loss.unexplained,
      nowhere: loss.to === null,
      lastSeen: loss.last_seen,
    });
  }
  lost += betweenNodes(stops, gaps, sides);
  roundTrips(stops, gaps, ordered, sides);
  return { stops, gaps, lost, ...(sides?.note ? { note: sides.note } : {}) };
}

function endStop(kind: 'src' | 'dst', flow: PathFlow, node: string): Stop {
  const name = flow[`${kind}_name`] ?? flow[`${kind}_ip`];
  const home = flow[`${kind}_node`];
  return {
    ...{ key: kind, kind, node, name },
    // ICMP's number is no port.
    ...(/^icmp/.test(flow.protocol) ? {} : { port: flow[`${kind}_port`] }),
    ...(home ? { home } : {}),
  };
}

/** A node of which only sums are told. */
function otherNode(ordered: readonly Telling[], sides: Sides | undefined) {
  for (const [kind, before] of [
    ['client', true],
    ['server', false],
  ] as const) {
    const side = sides?.[kind];
    if (!side || ordered.some((one) => one.node === side.node)) continue;
    const stops: Stop[] = side.observations
      ? pointsOf(side.node, side.observations)
      : [
          {
            key: `${side.node}|*`,
            kind: 'node',
            node: side.node,
            name: side.node,
            forward: { packets: side.packets, bytes: side.bytes },
            reverse: { packets: side.reverse_packets, bytes: side.reverse_bytes },
          },
        ];
    return { before, stops };
  }
  return undefined;
}

/** The way of lost packets; a translated flow may be told by its other tuple. */
export function wayOf(
  flow: PathFlow,
  lost: Tuple & { id?: number },
): 'forward' | 'reverse' | undefined {
  const nat = flow.nat ? { protocol: flow.protocol, ...flow.nat } : undefined;
  const same = sameFlow(flow, lost) ?? (nat ? sameFlow(nat, lost) : undefined);
  return same === 'same' ? 'forward' : same === 'turned' ? 'reverse' : undefined;
}

const samePoint = (
  stop: Stop,
  node: string | undefined,
  point: LossPoint,
  way: 'forward' | 'reverse',
) =>
  stop.kind === 'point' &&
  (node ? stop.key === keyOf(node, point, way) : stop.key.endsWith(keyOf('', point, way)));

function gapOf(stops: readonly Stop[], loss: PacketLoss, way: 'forward' | 'reverse'): number {
  const find = (point: LossPoint | null) =>
    point ? stops.findIndex((stop) => samePoint(stop, loss.node, point, way)) : -1;
  const [from, to] = [find(loss.from), find(loss.to)];
  if (from < 0 && to < 0) return -1;
  if (way === 'forward') return to > 0 ? to - 1 : from;
  return to >= 0 ? to : from - 1;
}

/** A point that no packet came to counts nothing, and is yet the next one. */
function addLossPoints(stops: Stop[], flow: PathFlow, losses: readonly PacketLoss[]): void {
  for (const loss of losses) {
    const way = wayOf(flow, loss.flow);
    if (!way || !loss.to) continue;
    const to = loss.to;
    if (stops.some((stop) => samePoint(stop, loss.node, to, way))) continue;
    const from = stops.findIndex((stop) => samePoint(stop, loss.node, loss.from, way));
    if (from < 0) continue;
    const node = stops[from]?.node ?? '';
    const seen = { packets: loss.left, bytes: 0 };
    const side = keyOf(node, to, way).endsWith('|in') ? 'in' : 'out';
    stops.splice(way === 'forward' ? from + 1 : from, 0, {
      key: keyOf(node, to, way),
      kind: 'point',
      node,
      name: to.interface,
      role: to.role,
      side,
      [way]: seen,
    });
  }
}

/** What both nodes lack together, less what is known to have been lost within them. */
function betweenNodes(stops: readonly Stop[], gaps: Gap[], sides: Sides | undefined): number {
  const wire = gaps.find(
    (gap, index) => gap.wire && stops[index]?.node !== '' && stops[index + 1]?.node !== '',
  );
  if (!wire || !sides) return 0;
  let lost = 0;
  for (const [way, told] of [
    ['forward', sides.lost_packets],
    ['reverse', sides.reverse_lost_packets],
  ] as const) {
    const within = gaps.flatMap((gap) => gap[way]).reduce((sum, one) => sum + one.packets, 0);
    const packets = (told ?? 0) - within;
    if (packets <= 0) continue;
    wire[way].push({ packets, reasons: [], unexplained: packets, nowhere: false, lastSeen: '' });
    lost += packets;
  }
  return lost;
}

function roundTrips(
  stops: readonly Stop[],
  gaps: Gap[],
  ordered: readonly Telling[],
  sides: Sides | undefined,
): void {
  const [begin, end] = [ordered[0]?.flow, ordered.at(-1)?.flow];
  const set = (
    gap: Gap | undefined,
    rttMs: number | undefined,
    rttOf: 'client' | 'between' | 'server',
  ) => {
    if (gap && rttMs !== undefined && rttMs > 0) Object.assign(gap, { rttMs, rttOf });
  };
  const between = gaps.find(
    (gap, index) => gap.wire && stops[index]?.node !== '' && stops[index + 1]?.node !== '',
  );
  set(gaps[0], begin?.handshake_client_ms, 'client');
  const known =
    sides?.between_nodes_rtt_ms ??
    (ordered.length > 1 && begin?.handshake_server_ms && end?.handshake_server_ms
      ? begin.handshake_server_ms - end.handshake_server_ms
      : undefined);
  set(between, known, 'between');
  // From the last node that tells, to the server and back.
  if (!sides || ordered.length > 1) set(gaps.at(-1), end?.handshake_server_ms, 'server');
  else if (begin?.handshake_server_ms && known !== undefined)
    set(gaps.at(-1), begin.handshake_server_ms - known, 'server');
}

/** Where a flow is no longer live: what its losses still tell of its points. */
export function observationsOf(flow: PathFlow, losses: readonly PacketLoss[]): Observation[] {
  const points = new Map<string, Observation>();
  for (const loss of losses) {
    const way = wayOf(flow, loss.flow);
    if (!way) continue;
    for (const [point, packets] of [
      [loss.from, loss.entered],
      [loss.to, loss.left],
    ] as const) {
      if (!point) continue;
      const key = keyOf('', point, way);
      const one = points.get(key) ?? {
        ...{ interface: point.interface, role: point.role, direction: point.direction, depth: 0 },
        ...{ packets: 0, bytes: Number.NaN, reverse_packets: 0, reverse_bytes: Number.NaN },
      };
      if (way === 'forward') one.packets = Math.max(one.packets, packets);
      else one.reverse_packets = Math.max(one.reverse_packets, packets);
      points.set(key, one);
    }
  }
  return [...points.values()];
}
