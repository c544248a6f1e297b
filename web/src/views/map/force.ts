// SPDX-License-Identifier: Apache-2.0
// A layout by forces for large graphs: the same graph has the same layout always. Repulsion by
// a grid (only near ones push), springs along edges, a pull to the middle, cooling.
import type { Point } from './place';

export interface ForceGraph {
  count: number;
  /** Pairs of indices, flat. */
  edges: Uint32Array;
  /** Where some stand already: they are not moved. NaN: to be found. */
  fixed?: Float64Array;
}

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const SPACING = 60;

export function forceLayout(graph: ForceGraph, rounds = 220, seed = 7): Point[] {
  const { count, edges, fixed } = graph;
  const next = random(seed);
  const radius = SPACING * Math.sqrt(Math.max(1, count)) * 0.6;
  const x = new Float64Array(count);
  const y = new Float64Array(count);
  const held = new Uint8Array(count);
  const degree = new Float64Array(count);
  for (let at = 0; at < edges.length; at += 1) degree[edges[at]!]! += 1;
  for (let at = 0; at < count; at += 1) {
    const angle = next() * 2 * Math.PI;
    const far = Math.sqrt(next()) * radius;
    x[at] = Math.cos(angle) * far;
    y[at] = Math.sin(angle) * far;
    const fx = fixed?.[2 * at] ?? Number.NaN;
    if (!Number.isNaN(fx)) {
      x[at] = fx;
      y[at] = fixed![2 * at + 1]!;
      held[at] = 1;
    }
  }
  const dx = new Float64Array(count);
  const dy = new Float64Array(count);
  for (let round = 0; round < rounds; round += 1) {
    const step = SPACING * 0.5 * (1 - round / rounds) + 0.5;
    dx.fill(0);
    dy.fill(0);
    repel(x, y, dx, dy);
    for (let at = 0; at < edges.length; at += 2) {
      const a = edges[at]!;
      const b = edges[at + 1]!;
      const ex = x[b]! - x[a]!;
      const ey = y[b]! - y[a]!;
      const distance = Math.hypot(ex, ey) || 1;
      // Who talks to everybody does not draw everybody in.
      const pull = (distance / SPACING) * 0.12;
      const [toA, toB] = [pull / Math.sqrt(degree[a]! || 1), pull / Math.sqrt(degree[b]! || 1)];
      dx[a]! += ex * toA;
      dy[a]! += ey * toA;
      dx[b]! -= ex * toB;
      dy[b]! -= ey * toB;
    }
    for (let at = 0; at < count; at += 1) {
      if (held[at]) continue;
      const mx = dx[at]! - x[at]! * 0.02;
      const my = dy[at]! - y[at]! * 0.02;
      const length = Math.hypot(mx, my) || 1;
      const move = Math.min(length, step) / length;
      x[at]! += mx * move;
      y[at]! += my * move;
    }
  }
  return Array.from({ length: count }, (_, at) => ({ x: x[at]!, y: y[at]! }));
}

function repel(x: Float64Array, y: Float64Array, dx: Float64Array, dy: Float64Array): void {
  const cell = SPACING * 2.5;
  const cells = new Map<number, number[]>();
  const keyOf = (cx: number, cy: number) => (cx + 4096) * 8192 + (cy + 4096);
  for (let at = 0; at < x.length; at += 1) {
    const key = keyOf(Math.floor(x[at]! / cell), Math.floor(y[at]! / cell));
    const members = cells.get(key);
    if (members) members.push(at);
    else cells.set(key, [at]);
  }
  for (let a = 0; a < x.length; a += 1) {
    const cx = Math.floor(x[a]! / cell);
    const cy = Math.floor(y[a]! / cell);
    for (let ox = -1; ox <= 1; ox += 1)
      for (let oy = -1; oy <= 1; oy += 1)
        for (const b of cells.get(keyOf(cx + ox, cy + oy)) ?? []) {
          if (b === a) continue;
          const ex = x[a]! - x[b]! || (a < b ? -0.5 : 0.5);
          const ey = y[a]! - y[b]! || (a < b ? -0.3 : 0.3);
          const square = ex * ex + ey * ey;
          if (square > cell * cell) continue;
          const push = (SPACING * SPACING * 1.4) / Math.max(square, 25);
          dx[a]! += ex * push;
          dy[a]! += ey * push;
        }
  }
}
