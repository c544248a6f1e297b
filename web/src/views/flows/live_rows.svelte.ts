// SPDX-License-Identifier: Apache-2.0
// The stream of flows that a filter has, and the newest of those that there are already.
import { ask } from '../../api/http';
import { ApiStream, type StreamState } from '../../api/stream';
import type { Whole } from '../../api/types';
import type { LiveFlow } from './flow_record';
import { LiveList } from './live_list';

const FLUSH_MS = 300;

export class LiveRows {
  rows = $state.raw<readonly LiveFlow[]>([]);
  state = $state.raw<StreamState>({ is: 'connecting' });
  whole = $state.raw<Whole | undefined>();
  waiting = $state(0);
  /** Events that did not come: this browser was too slow, or the stream broke. */
  lost = $state(0);
  breaks = $state(0);
  heardAt = $state(0);
  readonly #list = new LiveList();
  readonly #stream: ApiStream;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #stop = new AbortController();
  /** Somebody points at the rows: none may move. */
  hold = false;

  constructor(filter: string, cluster: boolean) {
    void this.#seed(filter, cluster);
    this.#stream = new ApiStream(
      '/api/stream',
      { q: filter },
      {
        onEvent: ({ name, data }) => {
          this.heardAt = Date.now();
          if (name === 'flow') this.#list.take(JSON.parse(data) as LiveFlow);
          else if (name === 'hello') this.whole = JSON.parse(data) as Whole;
          else if (name === 'lost')
            this.lost += Number((JSON.parse(data) as { lost?: number }).lost ?? 0);
        },
        onState: (state) => {
          if (state.is === 'broken') this.breaks += 1;
          this.state = state;
        },
      },
    );
    this.#timer = setInterval(() => this.flush(), FLUSH_MS);
  }

  flush(show = false): void {
    const rows = this.#list.flush(this.hold && !show);
    if (rows) this.rows = rows;
    this.waiting = this.#list.waiting;
  }
  pause(paused: boolean): void {
    this.#stream.pause(paused);
  }
  close(): void {
    clearInterval(this.#timer);
    this.#stop.abort();
    this.#stream.close();
  }

  async #seed(q: string, cluster: boolean): Promise<void> {
    try {
      const answer = await ask<{ flows: LiveFlow[] }>(
        '/api/flows',
        // The server's list is newest first anyhow.
        { q, limit: 200, ...(cluster ? {} : { sort: 'last_seen' }) },
        { signal: this.#stop.signal },
      );
      const known = new Set(this.rows.map((flow) => `${flow.observer ?? ''} ${flow.id}`));
      for (const flow of answer.flows.reverse()) {
        if (flow.node !== undefined) flow.observer = flow.node;
        if (!known.has(`${flow.observer ?? ''} ${flow.id}`)) this.#list.take(flow);
      }
      this.flush();
    } catch {
      // The stream goes on, or says what is wrong.
    }
  }
}
