// SPDX-License-Identifier: Apache-2.0
// Alerts as they come: one stream for the whole page, from the first moment.
import { ask } from '../api/http';
import { ApiStream, type StreamState } from '../api/stream';
import type { ServerEvent } from '../api/event_parser';
import { AlertBook, type Alert, type AlertList } from './alert_book';

export type { Alert } from './alert_book';

/** As many as a stream lists of what is active. */
const MOST_LISTED = 2_000;
/** Events that come together are shown together. */
const GATHER_MS = 100;
/** Notes of a stream come in bursts: the list is asked for behind them. */
const NOTED_MS = 1_000;
/** Until a list that was not whole is asked for again; a node that comes back says so. */
const RETRY_MS = 30_000;
/** Until one that did not come is. */
const FAILED_MS = 5_000;

class ActiveAlerts {
  /** Newest last; of those that were resolved while the page was open the newest stay. */
  alerts = $state.raw<ReadonlyMap<string, Alert>>(new Map());
  state = $state.raw<StreamState>({ is: 'connecting' });
  /** What is active was told in part, or not yet. */
  incomplete = $state(true);
  #stream: ApiStream | undefined;
  readonly #book = new AlertBook();
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | undefined;
  #askTimer: ReturnType<typeof setTimeout> | undefined;
  #askAt = Number.POSITIVE_INFINITY;
  #notes = 0;

  /** All that is active is in `alerts`: else there may be more, and some may be over. */
  get known(): boolean {
    return this.state.is === 'live' && !this.incomplete;
  }
  get count(): number {
    let count = 0;
    for (const alert of this.alerts.values()) if (alert.state === 'active') count += 1;
    return count;
  }

  begin(): void {
    this.#stream ??= new ApiStream(
      '/api/alerts/stream',
      {},
      {
        onEvent: (event) => this.#take(event),
        onState: (state) => {
          this.state = state;
          if (state.is !== 'live') this.#away();
        },
      },
    );
  }

  #take({ name, data }: ServerEvent): void {
    if (name === 'alert') {
      this.#book.take(JSON.parse(data) as Alert);
      this.#gathering ??= setTimeout(() => this.#publish(), GATHER_MS);
    } else if (name === 'hello') {
      this.#askSoon(0);
    } else if (name === 'lost' || name === 'agent') {
      // Some was not told, or nobody tells of a node; one that came back tells what it has.
      this.#askSoon(NOTED_MS);
    }
  }

  #publish(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.alerts = this.#book.copy();
  }

  #away(): void {
    this.incomplete = true;
    this.#notes += 1;
    clearTimeout(this.#askTimer);
    this.#askAt = Number.POSITIVE_INFINITY;
    this.#asking?.abort();
  }

  /** What ended while nobody told is in no stream: a list tells what is active by now. */
  #askSoon(ms: number): void {
    this.incomplete = true;
    this.#notes += 1;
    const at = Date.now() + ms;
    if (at >= this.#askAt) return;
    clearTimeout(this.#askTimer);
    this.#askAt = at;
    this.#askTimer = setTimeout(() => {
      this.#askAt = Number.POSITIVE_INFINITY;
      void this.#askList();
    }, ms);
  }

  async #askList(): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const notes = this.#notes;
    let whole = false;
    let retryMs = RETRY_MS;
    this.#book.beginList();
    try {
      const params = { state: 'active', limit: MOST_LISTED };
      const list = await ask<AlertList>('/api/alerts', params, { signal: asking.signal });
      if (asking.signal.aborted) return;
      whole = this.#book.takeList(list);
      this.#publish();
    } catch {
      if (asking.signal.aborted) return;
      retryMs = FAILED_MS;
    }
    // A note that came meanwhile has its own question.
    if (notes === this.#notes && whole) this.incomplete = false;
    else this.#askSoon(retryMs);
  }
}
export const activeAlerts = new ActiveAlerts();
