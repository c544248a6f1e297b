// SPDX-License-Identifier: Apache-2.0
// Live sums: a query with sums and a step, and its newest windows.
import type { WindowEvent } from '../api/types';
import { ApiStream, type StreamState } from '../api/stream';
import type { ServerEvent } from '../api/event_parser';
import { parseTime } from '../format/time';

/** One stream, for as long as a view shows it: close() it in the view's clean-up. */
export class LiveWindows {
  /** Oldest first, `keep` at most. */
  windows = $state.raw<WindowEvent[]>([]);
  state = $state.raw<StreamState>({ is: 'connecting' });
  /** Steps that are missing between windows: this browser was too slow, or the stream away. */
  gaps = $state(0);
  /** How often the stream went away: it broke, or nobody looked. */
  interruptions = $state(0);
  /** When the newest came, by this browser's clock. */
  heardAt = $state(0);
  readonly #stream: ApiStream;
  #stepMs = 0;

  constructor(
    query: string,
    private readonly keep = 1,
  ) {
    this.#stream = new ApiStream(
      '/api/stream',
      { q: query },
      {
        onEvent: (event) => this.#take(event),
        onState: (state) => {
          if (this.state.is === 'live' && state.is !== 'live') this.interruptions += 1;
          this.state = state;
        },
      },
    );
  }

  get newest(): WindowEvent | undefined {
    return this.windows.at(-1);
  }
  pause(paused: boolean): void {
    this.#stream.pause(paused);
  }
  close(): void {
    this.#stream.close();
  }

  #take(event: ServerEvent): void {
    if (event.name !== 'window') return;
    const window = parse(event);
    // The first of a stream may be of a part of its step.
    this.#stepMs = Math.max(this.#stepMs, parseTime(window.until) - parseTime(window.since));
    this.gaps += stepsBetween(this.newest, window, this.#stepMs);
    this.windows = [...this.windows.slice(-(this.keep - 1) || this.windows.length), window];
    this.heardAt = Date.now();
  }
}

/** How many steps are missing between two windows. */
export function stepsBetween(
  before: Pick<WindowEvent, 'until'> | undefined,
  next: Pick<WindowEvent, 'since'>,
  stepMs: number,
): number {
  const missing = before ? parseTime(next.since) - parseTime(before.until) : 0;
  return missing > 0 && stepMs > 0 ? Math.round(missing / stepMs) : 0;
}

function parse(event: ServerEvent): WindowEvent {
  return JSON.parse(event.data) as WindowEvent;
}
