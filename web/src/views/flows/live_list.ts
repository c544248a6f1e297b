// SPDX-License-Identifier: Apache-2.0
// Flows as they change, in an order that does not move under who looks: a change is written
// into its line; new ones wait until nobody points at the table.
import { liveKey, type LiveFlow } from './flow_record';

export class LiveList {
  #rows: LiveFlow[] = [];
  readonly #at = new Map<string, number>();
  /** Not shown yet, oldest first. */
  #waiting = new Map<string, LiveFlow>();
  #changed = false;

  constructor(private readonly most = 5000) {}

  get rows(): readonly LiveFlow[] {
    return this.#rows;
  }
  get waiting(): number {
    return this.#waiting.size;
  }

  take(flow: LiveFlow): void {
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
