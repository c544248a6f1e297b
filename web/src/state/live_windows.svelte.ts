// SPDX-License-Identifier: Apache-2.0
// Live sums: a query with sums and a step, and its newest windows.
import type { WindowEvent } from '../api/types';
import { ApiStream, type StreamState } from '../api/stream';
import type { ServerEvent } from '../api/event_parser';

/** One stream, for as long as a view shows it: close() it in the view's clean-up. */
export class LiveWindows {
  /** Oldest first, `keep` at most. */
  windows = $state.raw<WindowEvent[]>([]);
  state = $state.raw<StreamState>({ is: 'connecting' });
  /** Steps that were lost on the way: this browser was too slow, or the stream broke. */
  gaps = $state(0);
  /** When the newest came, by this browser's clock. */
  heardAt = $state(0);
  readonly #stream: ApiStream;

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
          if (state.is === 'broken') this.gaps += 1;
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
    if (event.name === 'lost') {
      this.gaps += 1;
      return;
    }
    if (event.name !== 'window') return;
    this.windows = [...this.windows.slice(-(this.keep - 1) || this.windows.length), parse(event)];
    this.heardAt = Date.now();
  }
}

function parse(event: ServerEvent): WindowEvent {
  return JSON.parse(event.data) as WindowEvent;
}
