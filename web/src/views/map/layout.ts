// SPDX-License-Identifier: Apache-2.0
// Asks the worker that lays out. One question at a time: a newer one takes the older's place.
import type { Point, Places } from './place';

export type LayoutKind = 'levels' | 'force';

export interface LayoutQuestion {
  number: number;
  kind: LayoutKind;
  count: number;
  edges: Uint32Array;
  fixed?: Float64Array;
}
export type LayoutAnswer =
  { number: number; points: Point[]; problem?: undefined } | { number: number; problem: string };

export class Layout {
  #worker: Worker | undefined;
  #number = 0;

  /** undefined: a newer question came meanwhile. Ids of `held` keep their places. */
  async find(
    kind: LayoutKind,
    ids: readonly string[],
    pairs: readonly (readonly [string, string])[],
    held?: Places,
  ): Promise<Places | undefined> {
    this.#worker ??= new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    const worker = this.#worker;
    const number = (this.#number += 1);
    const index = new Map(ids.map((id, at) => [id, at]));
    const edges = new Uint32Array(
      pairs.flatMap(([src, dst]) => {
        const [a, b] = [index.get(src), index.get(dst)];
        return a === undefined || b === undefined ? [] : [a, b];
      }),
    );
    let fixed: Float64Array | undefined;
    if (held) {
      fixed = new Float64Array(2 * ids.length).fill(Number.NaN);
      ids.forEach((id, at) => {
        const point = held.get(id);
        if (point && fixed) fixed.set([point.x, point.y], 2 * at);
      });
    }
    const question: LayoutQuestion = {
      number,
      kind,
      count: ids.length,
      edges,
      ...(fixed ? { fixed } : {}),
    };
    const answer = await new Promise<LayoutAnswer>((resolve, reject) => {
      const hear = (event: MessageEvent<LayoutAnswer>) => {
        if (event.data.number !== number) return;
        worker.removeEventListener('message', hear);
        resolve(event.data);
      };
      worker.addEventListener('message', hear);
      worker.addEventListener('error', (event) => reject(new Error(event.message)), { once: true });
      worker.postMessage(question);
    });
    if (number !== this.#number) return undefined;
    if (answer.problem !== undefined) throw new Error(answer.problem);
    const { points } = answer;
    return new Map(ids.map((id, at) => [id, points[at] ?? { x: 0, y: 0 }]));
  }

  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}
