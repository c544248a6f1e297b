// SPDX-License-Identifier: Apache-2.0
// What goes between nodes of the map: sums over the steps that are shown, by pair. Rows of
// windows become numbers in flat arrays at once, so that 5,000 pairs cost little to add up.
import type { Cell, Column } from '../../api/types';
import { type Grouping, type Level, type MapNode, groupFields, nodeOf } from './levels';

export interface Numbers {
  bytes: number;
  /** Both ways. */
  packets: number;
  retransmits: number;
  resets: number;
  /** Flows that began. */
  flows: number;
  drops: number;
  /** ms, weighted by packets where groups were put together; undefined: not known. */
  rtt: number | undefined;
  maxRtt: number | undefined;
}

export interface MapEdge extends Numbers {
  id: string;
  src: MapNode;
  dst: MapNode;
  /** When a step had it last, by the time of the answers; ms. */
  lastSeen: number;
  /** Nothing goes there now. */
  gone: boolean;
}

/** What the sums of a slice lack: gains that came late, changes not looked at, groups too many. */
export interface Lacks {
  late: number;
  missing: number;
  leftOut: number;
}

const NOTHING_LACKS: Lacks = { late: 0, missing: 0, leftOut: 0 };

export function lacksOf(slices: readonly Slice[]): Lacks {
  const all = { ...NOTHING_LACKS };
  for (const one of slices)
    for (const name of ['late', 'missing', 'leftOut'] as const) all[name] += one[name];
  return all;
}

export interface Slice extends Lacks {
  since: number;
  until: number;
  edges: MapEdge[];
  /** FIELDS numbers an edge. */
  values: Float64Array;
}

const FIELDS = 8; // bytes, packets, retransmits, resets, flows, rtt × weight, weight, max rtt
const SEPARATOR = '\u0002';

export class Totals {
  readonly edges = new Map<string, MapEdge>();
  readonly #nodes = new Map<string, MapNode>();
  readonly #byId = new Map<string, MapNode>();

  constructor(
    readonly grouping: Grouping,
    readonly level: Level,
  ) {}

  #node(values: readonly Cell[]): MapNode {
    const key = values.join(SEPARATOR);
    let node = this.#nodes.get(key);
    if (!node) {
      // Bounded: names come and go, and the page stays open.
      if (this.#nodes.size > 50_000) this.#nodes.clear();
      const made = nodeOf(this.grouping, values);
      node = this.#byId.get(made.id) ?? made;
      this.#byId.set(node.id, node);
      this.#nodes.set(key, node);
    }
    return node;
  }

  #edge(src: MapNode, dst: MapNode): MapEdge {
    const id = `${src.id}${SEPARATOR}${dst.id}`;
    let edge = this.edges.get(id);
    if (!edge) {
      edge = { id, src, dst, lastSeen: 0, gone: false, ...nothing() };
      this.edges.set(id, edge);
    }
    return edge;
  }

  #ends(columns: Column[]): (row: Cell[]) => [MapNode, MapNode] {
    const fields = groupFields(this.level);
    const at = fields.map((field) => columns.findIndex((column) => column.name === field));
    const half = at.length / 2;
    return (row) => {
      const values = at.map((index) => row[index] ?? null);
      return [this.#node(values.slice(0, half)), this.#node(values.slice(half))];
    };
  }

  slice(
    columns: Column[],
    rows: Cell[][],
    since: number,
    until: number,
    lacks: Lacks = NOTHING_LACKS,
  ): Slice {
    const ends = this.#ends(columns);
    const at = (name: string) => columns.findIndex((column) => column.name === name);
    const bytes = at('sum_total_bytes');
    const packets = at('sum_packets');
    const reversePackets = at('sum_reverse_packets');
    const retransmits = at('sum_retransmits');
    const reverseRetransmits = at('sum_reverse_retransmits');
    const resets = at('sum_resets');
    const reverseResets = at('sum_reverse_resets');
    const flows = at('sum_flows');
    const rtt = at('avg_rtt');
    const maxRtt = at('max_rtt');
    const values = new Float64Array(rows.length * FIELDS);
    const edges = rows.map((row, index) => {
      const [src, dst] = ends(row);
      const edge = this.#edge(src, dst);
      edge.lastSeen = Math.max(edge.lastSeen, until);
      const number = (column: number) => {
        const cell = row[column];
        return typeof cell === 'number' ? cell : 0;
      };
      const base = index * FIELDS;
      const both = number(packets) + number(reversePackets);
      values[base] = number(bytes);
      values[base + 1] = both;
      values[base + 2] = number(retransmits) + number(reverseRetransmits);
      values[base + 3] = number(resets) + number(reverseResets);
      values[base + 4] = number(flows);
      if (typeof row[rtt] === 'number') {
        const weight = Math.max(1, both);
        values[base + 5] = number(rtt) * weight;
        values[base + 6] = weight;
        values[base + 7] = number(maxRtt);
      }
      return edge;
    });
    return { since, until, edges, values, ...lacks };
  }

  /** Sets the sums of all edges to those of `slices`. Edges that nothing told of since `forgetBefore` go. */
  add(slices: readonly Slice[], forgetBefore: number): void {
    const weights = new Map<MapEdge, number>();
    for (const edge of this.edges.values()) {
      const drops = edge.drops;
      Object.assign(edge, nothing());
      edge.drops = drops;
    }
    for (const { edges, values } of slices)
      edges.forEach((edge, index) => {
        const base = index * FIELDS;
        const value = (offset: number) => values[base + offset] ?? 0;
        edge.bytes += value(0);
        edge.packets += value(1);
        edge.retransmits += value(2);
        edge.resets += value(3);
        edge.flows += value(4);
        if (value(6) > 0) {
          const weight = weights.get(edge) ?? 0;
          edge.rtt = ((edge.rtt ?? 0) * weight + value(5)) / (weight + value(6));
          weights.set(edge, weight + value(6));
          edge.maxRtt = Math.max(edge.maxRtt ?? 0, value(7));
        }
      });
    for (const edge of this.edges.values()) {
      edge.gone = edge.packets === 0 && edge.drops === 0;
      if (edge.gone && edge.lastSeen < forgetBefore) this.edges.delete(edge.id);
    }
  }

  /**
   * Drops are told by who sent the packet, an edge by who began: a drop of an answer is the
   * edge's, too. Where there is no such edge, the drops are one.
   */
  setDrops(columns: Column[], rows: Cell[][], until: number): void {
    for (const edge of this.edges.values()) edge.drops = 0;
    const ends = this.#ends(columns);
    const packets = columns.findIndex((column) => column.name === 'sum_packets');
    for (const row of rows) {
      const [src, dst] = ends(row);
      const there = this.edges.get(`${src.id}${SEPARATOR}${dst.id}`);
      const back = this.edges.get(`${dst.id}${SEPARATOR}${src.id}`);
      const edge = there ?? back ?? this.#edge(src, dst);
      const cell = row[packets];
      edge.drops += typeof cell === 'number' ? cell : 0;
      if (edge.drops > 0) {
        edge.lastSeen = Math.max(edge.lastSeen, until);
        edge.gone = false;
      }
    }
  }
}

export function nothing(): Numbers {
  return {
    bytes: 0,
    packets: 0,
    retransmits: 0,
    resets: 0,
    flows: 0,
    drops: 0,
    rtt: undefined,
    maxRtt: undefined,
  };
}
