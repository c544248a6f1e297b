// SPDX-License-Identifier: Apache-2.0
// Lays out beside the page, which stays quick meanwhile.
import { Graph, layout } from '@dagrejs/dagre';
import { forceLayout } from './force';
import type { LayoutAnswer, LayoutQuestion } from './layout';
import { COLUMN, NODE_HEIGHT, NODE_WIDTH, type Point, wrapRanks } from './place';

function levelled(count: number, edges: Uint32Array): Point[] {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({
    rankdir: 'LR',
    ranksep: COLUMN - NODE_WIDTH,
    nodesep: 18,
    ranker: edges.length > 500 ? 'longest-path' : 'network-simplex',
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (let at = 0; at < count; at += 1)
    graph.setNode(String(at), { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (let at = 0; at < edges.length; at += 2)
    if (edges[at] !== edges[at + 1]) graph.setEdge(String(edges[at]), String(edges[at + 1]));
  layout(graph);
  return wrapRanks(
    Array.from({ length: count }, (_, at) => {
      const { x = 0, y = 0 } = graph.node(String(at)) as Partial<Point>;
      return { x, y };
    }),
  );
}

self.addEventListener('message', (event: MessageEvent<LayoutQuestion>) => {
  const { number, kind, count, edges, fixed } = event.data;
  let answer: LayoutAnswer;
  try {
    const points =
      kind === 'levels'
        ? levelled(count, edges)
        : forceLayout({ count, edges, ...(fixed ? { fixed } : {}) });
    answer = { number, points };
  } catch (error) {
    answer = { number, problem: String(error) };
  }
  self.postMessage(answer);
});
