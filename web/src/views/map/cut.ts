// SPDX-License-Identifier: Apache-2.0
// What is drawn of all there is: at most so much that it can be read, the rest is counted.
import { healthOf, type Health, troublesOf, type Trouble } from './health';
import type { MapNode } from './levels';
import type { MapEdge } from './totals';

export interface DrawnNode {
  node: MapNode;
  bytes: number;
  out: number;
  in: number;
  edges: number;
  troubled: number;
  health: Health;
  gone: boolean;
}
export interface DrawnEdge {
  edge: MapEdge;
  health: Health;
  troubles: Trouble[];
}
export interface Picture {
  nodes: DrawnNode[];
  edges: DrawnEdge[];
  /** Of all, drawn or not; what the switch for problems hides is not in it. */
  allNodes: number;
  allEdges: number;
  troubledEdges: number;
  hiddenNodes: number;
  hiddenEdges: number;
  /** Share of all bytes that no drawn edge has. */
  hiddenShare: number;
  hiddenTroubled: number;
}

export interface CutOptions {
  mostNodes: number;
  mostEdges: number;
  problemsOnly: boolean;
  /** Ids that were drawn before: they stay while they are near enough to the top. */
  before: ReadonlySet<string>;
  /** Ids that are drawn whatever they have: what is selected. */
  keep: ReadonlySet<string>;
}

const rank = { good: 0, warn: 1, bad: 2 };

export function cut(edges: Iterable<MapEdge>, options: CutOptions): Picture {
  const all: DrawnEdge[] = [];
  let bytes = 0;
  let troubledEdges = 0;
  for (const edge of edges) {
    const troubles = edge.gone ? [] : troublesOf(edge);
    const health = healthOf(edge, troubles);
    bytes += edge.bytes;
    if (troubles.length > 0) troubledEdges += 1;
    if (!options.problemsOnly || troubles.length > 0) all.push({ edge, health, troubles });
  }
  const nodes = nodesOf(all);
  const chosen = choose(
    [...nodes.values()],
    options.mostNodes,
    (one) => one.node.id,
    (one) => one.bytes,
    options,
  );
  const ids = new Set(chosen.map((one) => one.node.id));
  const between = all.filter(({ edge }) => ids.has(edge.src.id) && ids.has(edge.dst.id));
  // Those with trouble come first: they are what is looked for.
  const most = between.reduce((top, one) => Math.max(top, one.edge.bytes), 0);
  const drawn = choose(
    between,
    options.mostEdges,
    (one) => one.edge.id,
    (one) => one.edge.bytes + (one.troubles.length > 0 ? most : 0),
    { before: options.before, keep: new Set([...options.keep, ...firstEdges(between)]) },
  );
  let drawnBytes = 0;
  let drawnTroubled = 0;
  for (const one of drawn) {
    drawnBytes += one.edge.bytes;
    if (one.troubles.length > 0) drawnTroubled += 1;
  }
  return {
    nodes: chosen,
    edges: drawn,
    allNodes: nodes.size,
    allEdges: all.length,
    troubledEdges,
    hiddenNodes: nodes.size - chosen.length,
    hiddenEdges: all.length - drawn.length,
    hiddenShare: bytes > 0 ? Math.max(0, 1 - drawnBytes / bytes) : 0,
    hiddenTroubled: troubledEdges - drawnTroubled,
  };
}

/** The largest edge of each node: a card without any says nothing. */
function firstEdges(edges: DrawnEdge[]): Set<string> {
  const first = new Map<string, MapEdge>();
  for (const { edge } of edges)
    for (const { id } of [edge.src, edge.dst]) {
      const before = first.get(id);
      if (!before || before.bytes < edge.bytes) first.set(id, edge);
    }
  return new Set([...first.values()].map((edge) => edge.id));
}

function nodesOf(edges: DrawnEdge[]): Map<string, DrawnNode> {
  const nodes = new Map<string, DrawnNode>();
  const take = (node: MapNode, one: DrawnEdge, out: boolean) => {
    let drawn = nodes.get(node.id);
    if (!drawn) {
      drawn = { node, bytes: 0, out: 0, in: 0, edges: 0, troubled: 0, health: 'good', gone: true };
      nodes.set(node.id, drawn);
    }
    drawn.bytes += one.edge.bytes;
    if (out) drawn.out += one.edge.bytes;
    else drawn.in += one.edge.bytes;
    drawn.edges += 1;
    if (one.troubles.length > 0) drawn.troubled += 1;
    if (rank[one.health] > rank[drawn.health]) drawn.health = one.health;
    if (!one.edge.gone) drawn.gone = false;
  };
  for (const one of edges) {
    take(one.edge.src, one, true);
    if (one.edge.dst.id !== one.edge.src.id) take(one.edge.dst, one, false);
  }
  return nodes;
}

/** The `most` largest; who was in stays until it is far below, so nothing flickers at the edge. */
function choose<T>(
  all: T[],
  most: number,
  id: (one: T) => string,
  size: (one: T) => number,
  { keep, before }: Pick<CutOptions, 'keep' | 'before'>,
): T[] {
  if (all.length <= most) return all;
  const sorted = all.map((one) => ({ one, id: id(one), size: size(one) }));
  sorted.sort((a, b) => b.size - a.size);
  const near = Math.ceil(most * 1.25);
  const first = sorted.filter((entry) => keep.has(entry.id));
  first.push(...sorted.slice(0, near).filter((entry) => before.has(entry.id)));
  const kept = new Set(first.slice(0, most));
  for (const entry of sorted) {
    if (kept.size >= most) break;
    kept.add(entry);
  }
  return sorted.filter((entry) => kept.has(entry)).map((entry) => entry.one);
}
