// SPDX-License-Identifier: Apache-2.0
// One flow, asked again every few seconds: a small answer. What has ended keeps its last state.
import { ask, ApiProblem, toProblem } from '../../api/http';
import { condition } from '../../api/query';
import type { Whole } from '../../api/types';
import type { Telling } from './path_model';
import { observationsOf, wayOf } from './path_model';
import type { Connection, Drop, PacketLoss, PathFlow, Tuple } from './path_types';
import { sameFlow } from './path_types';

const FLOW_EVERY_MS = 4_000;
/** Every so many turns its drops and sockets, too. */
const REST_EVERY = 3;

export interface Wanted {
  tuple: Tuple | undefined;
  id: string | undefined;
  node: string | undefined;
}

type Flows = { flows: PathFlow[] } & Whole;

export class PathData {
  tellings = $state.raw<Telling[]>([]);
  losses = $state.raw<PacketLoss[]>([]);
  /** undefined: nobody has answered. */
  drops = $state.raw<Drop[] | undefined>();
  connections = $state.raw<Connection[] | undefined>();
  /** Whether a loss would be known: /api/losses answered the newest question. */
  lossesKnown = $state(false);
  whole = $state.raw<Whole | undefined>();
  /** Of the flow. */
  problem = $state.raw<ApiProblem | undefined>();
  lossProblem = $state.raw<ApiProblem | undefined>();
  dropProblem = $state.raw<ApiProblem | undefined>();
  socketProblem = $state.raw<ApiProblem | undefined>();
  loading = $state(true);
  /** It was looked for, and is not live any more. */
  gone = $state(false);
  heardAt = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;
  #node = '';
  #restAsked = false;
  readonly #stop = new AbortController();

  constructor(private readonly wanted: Wanted) {
    void this.#run();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    if (!document.hidden) {
      await this.#ask();
      this.#turn += 1;
    }
    if (!this.#stop.signal.aborted) this.#timer = setTimeout(() => void this.#run(), FLOW_EVERY_MS);
  }

  async #ask(): Promise<void> {
    let flows: PathFlow[] | undefined;
    try {
      flows = await this.#find();
      this.problem = undefined;
      this.heardAt = Date.now();
    } catch (error) {
      if (!this.#stop.signal.aborted) this.problem = toProblem(error);
    }
    if (this.#stop.signal.aborted) return;
    try {
      // What else is known of it does not wait for an answer about the flow itself.
      const tuple = flows?.[0] ?? this.wanted.tuple ?? this.tellings[0]?.flow;
      if (tuple && (this.#turn % REST_EVERY === 0 || !this.#restAsked)) await this.#askRest(tuple);
      if (this.#stop.signal.aborted) return;
      if (flows) this.#take(flows);
    } catch (error) {
      // An answer of another shape.
      if (!this.#stop.signal.aborted) this.problem = toProblem(error);
    }
    this.loading = false;
  }

  #take(flows: readonly PathFlow[]): void {
    if (flows.length === 0) {
      this.gone = true;
      if (this.tellings.length === 0) this.#fromLosses();
      return;
    }
    this.gone = flows.every((one) => one.ended);
    const own = flows.flatMap((one) =>
      (one.losses ?? []).map((loss) => ({ ...(one.node ? { node: one.node } : {}), ...loss })),
    );
    if (own.length > 0) this.losses = own;
    this.tellings = flows.map((one) => ({ node: one.node ?? this.#node, flow: one }));
  }

  /** One for each node that tells of it, the newest where a tuple was used again. */
  async #find(): Promise<PathFlow[]> {
    const { tuple, id, node } = this.wanted;
    const known = this.tellings[0]?.flow ?? tuple;
    const turned = (one: Tuple): Tuple => ({
      protocol: one.protocol,
      src_ip: one.dst_ip,
      src_port: one.dst_port,
      dst_ip: one.src_ip,
      dst_port: one.src_port,
    });
    if (known) {
      const there = await this.#flows(params(known));
      if (there.length > 0) return newest(there);
      // A loss is told in the way of its packets.
      const back = await this.#flows(params(turned(known)));
      if (back.length > 0) return newest(back);
    }
    if (!id || !/^\d+$/.test(id)) return [];
    const where = node ? ` ${condition('observer', node)}` : '';
    const byId = await this.#flows({ q: `flow_id=${id}${where}` });
    // Ids begin anew with an agent: another flow may have it.
    const same = tuple ? byId.filter((one) => wayOf(one, tuple)) : byId;
    return newest(same);
  }

  async #flows(of: Record<string, string | number>): Promise<PathFlow[]> {
    const answer = await ask<Flows>('/api/flows', { ...of, limit: 20 }, this.#options());
    this.whole = answer;
    return answer.flows;
  }

  async #askRest(tuple: Tuple): Promise<void> {
    const of = { ip: tuple.src_ip, protocol: tuple.protocol, limit: 50 };
    const port = /^icmp/.test(tuple.protocol) ? {} : { port: tuple.src_port };
    const same = (one: Tuple) => sameFlow(one, tuple) !== undefined;
    const [losses, drops, sockets] = await Promise.allSettled([
      ask<{ losses: PacketLoss[] }>('/api/losses', { ...of, ...port }, this.#options()),
      ask<{ drops: Drop[] }>('/api/drops', { ...of, ...port }, this.#options()),
      ask<{ connections: Connection[]; node_name?: string }>(
        '/api/connections',
        { ...of, ...port },
        this.#options(),
      ),
    ]);
    if (this.#stop.signal.aborted) return;
    this.#restAsked = true;
    this.lossProblem = problemOf(losses);
    this.dropProblem = problemOf(drops);
    this.socketProblem = problemOf(sockets);
    this.lossesKnown = losses.status === 'fulfilled';
    if (losses.status === 'fulfilled') {
      const found = losses.value.losses.filter((one) => same(one.flow));
      // Those of a flow before it with the same tuple are not its own.
      const id = this.tellings[0]?.flow.id;
      if (found.length > 0 || id === undefined) this.losses = found;
    }
    if (drops.status === 'fulfilled') this.drops = drops.value.drops.filter(same);
    if (sockets.status === 'fulfilled') {
      this.connections = sockets.value.connections.filter(same);
      this.#node = sockets.value.node_name ?? this.#node;
    }
  }

  /** It had ended before it was looked at: the losses tell of some of its points. */
  #fromLosses(): void {
    const { tuple } = this.wanted;
    if (!tuple || this.losses.length === 0) return;
    const first = this.losses[0] as PacketLoss;
    const nodes = [...new Set(this.losses.map((one) => one.node ?? this.#node))];
    const none = { packets: 0, bytes: 0, reverse_packets: 0, reverse_bytes: 0 };
    const base = {
      ...tuple,
      ...none,
      id: first.flow.id,
      first_seen: '',
      last_seen: first.last_seen,
      ended: true,
      direction: '',
      observations: [],
      packets_per_second: 0,
      bytes_per_second: 0,
      ...namesOf(tuple, first.flow),
    } as PathFlow;
    this.tellings = nodes.map((node) => ({
      node,
      flow: {
        ...base,
        observations: observationsOf(
          base,
          this.losses.filter((one) => (one.node ?? this.#node) === node),
        ),
      },
    }));
  }

  #options() {
    return { signal: this.#stop.signal, timeoutMs: 10_000 };
  }
}

function problemOf(settled: PromiseSettledResult<unknown>): ApiProblem | undefined {
  return settled.status === 'rejected' ? toProblem(settled.reason) : undefined;
}

function params(tuple: Tuple): Record<string, string | number> {
  return {
    protocol: tuple.protocol,
    src_ip: tuple.src_ip,
    src_port: tuple.src_port,
    dst_ip: tuple.dst_ip,
    dst_port: tuple.dst_port,
  };
}

/** Names that a loss has, for the ends of the flow: it may be of the way back. */
function namesOf(tuple: Tuple, lost: PacketLoss['flow']) {
  const [src, dst] = sameFlow(tuple, lost) === 'same' ? ['src', 'dst'] : (['dst', 'src'] as const);
  const pick = (from: 'src' | 'dst', to: 'src' | 'dst') => ({
    ...(lost[`${from}_name`] ? { [`${to}_name`]: lost[`${from}_name`] } : {}),
    ...(lost[`${from}_node`] ? { [`${to}_node`]: lost[`${from}_node`] } : {}),
  });
  return { ...pick(src as 'src', 'src'), ...pick(dst as 'dst', 'dst') };
}

function newest(flows: readonly PathFlow[]): PathFlow[] {
  const byNode = new Map<string, PathFlow>();
  for (const flow of flows) {
    const other = byNode.get(flow.node ?? '');
    if (!other || flow.last_seen > other.last_seen) byNode.set(flow.node ?? '', flow);
  }
  return [...byNode.values()];
}
