// SPDX-License-Identifier: Apache-2.0
// The stream of flows that a filter has, and the newest of those that there are already.
import { ask } from '../../api/http';
import { ApiStream, type StreamState } from '../../api/stream';
import type { Whole } from '../../api/types';
import type { LiveFlow } from './flow_record';
import { LiveList } from './live_list';
import { LiveNotes, type LiveNote, type Loss } from './live_notes';

const FLUSH_MS = 300;
const FIRST_FLOWS = 200;
/** After a break more are asked for: those that are shown are to be known again. */
const NEXT_FLOWS = 1000;
/** A stream that breaks at once, again and again, asks no more often for them. */
const SEED_EVERY_MS = 3_000;

export class LiveRows {
  rows = $state.raw<readonly LiveFlow[]>([]);
  state = $state.raw<StreamState>({ is: 'connecting' });
  whole = $state.raw<Whole | undefined>();
  waiting = $state(0);
  /** Events that did not come: this browser was too slow, or an agent. */
  lost = $state(0);
  losses = $state.raw<readonly Loss[]>([]);
  /** Nodes that tell nothing now, and why. */
  away = $state.raw<ReadonlyMap<string, string>>(new Map());
  /** How often the stream began anew: it broke, or was paused. */
  breaks = $state(0);
  heardAt = $state(0);
  readonly #list = new LiveList();
  readonly #notes = new LiveNotes();
  readonly #stream: ApiStream;
  readonly #timer: ReturnType<typeof setInterval>;
  #seeding: AbortController | undefined;
  #seededAt = Number.NEGATIVE_INFINITY;
  #begun = false;
  /** Somebody points at the rows: none may move. */
  hold = false;

  constructor(
    private readonly filter: string,
    private readonly cluster: boolean,
  ) {
    this.#stream = new ApiStream(
      '/api/stream',
      { q: filter },
      {
        onEvent: ({ name, data }) => this.#take(name, data),
        onHeard: () => (this.heardAt = Date.now()),
        onState: (state) => (this.state = state),
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
    this.#seeding?.abort();
    this.#stream.close();
  }

  #take(name: string, data: string): void {
    if (name === 'flow') {
      this.#list.take(JSON.parse(data) as LiveFlow);
      return;
    }
    if (name === 'hello') {
      this.whole = JSON.parse(data) as Whole;
      this.#notes.begin();
      if (this.#begun) this.breaks += 1;
      // The stream tells changes alone: what there is, and what ended meanwhile, is asked for.
      void this.#seed(this.#begun ? NEXT_FLOWS : FIRST_FLOWS);
      this.#begun = true;
    } else if (name === 'agent') {
      const note = JSON.parse(data) as LiveNote;
      this.#notes.agent(note);
      if (note.state === 'joined') void this.#seed(NEXT_FLOWS);
      else this.#list.doubt((flow) => (flow.observer ?? flow.node) === note.node);
    } else if (name === 'lost') {
      this.#notes.loss(JSON.parse(data) as LiveNote);
    }
    this.away = this.#notes.away;
    this.lost = this.#notes.lost;
    this.losses = this.#notes.losses;
  }

  async #seed(limit: number): Promise<void> {
    this.#seeding?.abort();
    const seeding = new AbortController();
    this.#seeding = seeding;
    this.#list.listen();
    const wait = this.#seededAt + SEED_EVERY_MS - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (seeding.signal.aborted) return;
    this.#seededAt = performance.now();
    let flows: LiveFlow[] = [];
    try {
      const answer = await ask<{ flows: LiveFlow[] }>(
        '/api/flows',
        // The server's list is newest first anyhow.
        { q: this.filter, limit, ...(this.cluster ? {} : { sort: 'last_seen' }) },
        { signal: seeding.signal },
      );
      flows = answer.flows;
    } catch {
      // The stream goes on, or says what is wrong; what was shown before is in doubt.
    }
    if (seeding.signal.aborted) return;
    this.#list.seed(flows);
    this.flush();
  }
}
