// SPDX-License-Identifier: Apache-2.0
// Flows as they change, in an order that does not move under who looks: a change is written
// into its line; new ones wait until nobody points at the table.
import { liveKey, tupleOf, type LiveFlow } from './flow_record';

export class LiveList {
  #rows: LiveFlow[] = [];
  readonly #at = new Map<string, number>();
  /** Not shown yet, oldest first. */
  #waiting = new Map<string, LiveFlow>();
  #changed = false;
  /** What was told since listen(). */
  #told: Set<string> | undefined;

  constructor(private readonly most = 5000) {}

  get rows(): readonly LiveFlow[] {
    return this.#rows;
  }
  get waiting(): number {
    return this.#waiting.size;
  }

  has(key: string): boolean {
    return this.#at.has(key) || this.#waiting.has(key);
  }

  take(flow: LiveFlow): void {
    this.#told?.add(liveKey(flow));
    this.#write(flow);
  }

  /** A list is asked for: what is told from now on is newer than it. */
  listen(): void {
    this.#told = new Set();
  }

  /** That list, newest first. Of what is in neither, nothing is known any more. */
  seed(flows: readonly LiveFlow[]): void {
    const told = this.#told;
    this.#told = undefined;
    for (const flow of [...flows].reverse()) {
      const key = liveKey(flow);
      if (told ? !told.has(key) : !this.has(key)) this.#write(flow);
    }
    const keys = new Set(flows.map(liveKey));
    // The stream tells a flow by one node, and the list perhaps by another.
    const tuples = new Set(flows.map(tupleOf));
    this.doubt((flow) => {
      const key = liveKey(flow);
      return !keys.has(key) && !told?.has(key) && !tuples.has(tupleOf(flow));
    });
  }

  /** Marks flows that may have ended untold. */
  doubt(which: (flow: LiveFlow) => boolean): void {
    const doubtful = (flow: LiveFlow) => !flow.ended && !flow.unsure && which(flow);
    this.#rows.forEach((flow, index) => {
      if (!doubtful(flow)) return;
      this.#rows[index] = { ...flow, unsure: true };
      this.#changed = true;
    });
    for (const [key, flow] of this.#waiting)
      if (doubtful(flow)) this.#waiting.set(key, { ...flow, unsure: true });
  }

  #write(flow: LiveFlow): void {
    const key = liveKey(flow);
    const at = this.#at.get(key);
    // It was found to be another, which has its counters now: its line ends.
    if (flow.merged_into !== undefined) flow = { ...flow, ended: true };
    if (at !== undefined) {
      this.#rows[at] = flow;
      this.#changed = true;
    } else {
      this.#waiting.set(key, flow);
      if (this.#waiting.size > this.most)
        this.#waiting.delete(this.#waiting.keys().next().value as string);
    }
  }

  /** The list to show, anew where it changed. `hold`: new ones go on waiting. */
  flush(hold: boolean): readonly LiveFlow[] | undefined {
    if (!hold && this.#waiting.size > 0) {
      const fresh = [...this.#waiting.values()].reverse();
      this.#waiting = new Map();
      this.#rows = [...fresh, ...this.#rows].slice(0, this.most);
      this.#at.clear();
      this.#rows.forEach((flow, index) => this.#at.set(liveKey(flow), index));
      this.#changed = false;
      return this.#rows;
    }
    if (!this.#changed) return undefined;
    this.#changed = false;
    this.#rows = [...this.#rows];
    return this.#rows;
  }
}
