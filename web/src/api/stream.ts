// SPDX-License-Identifier: Apache-2.0
// A stream of the API that is kept open: begun again when it breaks, closed while nobody
// looks. A browser gives a host six connections, so a hidden tab holds none.
import { apiUrl, noteServerTime, type Params, problemOf, ApiProblem, toProblem } from './http';
import { EventParser, type ServerEvent } from './event_parser';

export type StreamState =
  | { is: 'connecting' }
  | { is: 'live' }
  | { is: 'paused' } // by who looks, or the tab is hidden
  | { is: 'broken'; problem: ApiProblem; retryAt: number }
  | { is: 'refused'; problem: ApiProblem }; // asked wrongly: it is not tried again

export interface StreamHandlers {
  onEvent: (event: ServerEvent) => void;
  /** Anything came, a comment as well: the other end lives. */
  onHeard?: () => void;
  onState?: (state: StreamState) => void;
}

// The server sends a comment every 15 s.
const SILENCE_MS = 45_000;
const FIRST_RETRY_MS = 500;
const MOST_RETRY_MS = 15_000;

export class ApiStream {
  #ended = false;
  #paused = false;
  #controller: AbortController | undefined;
  #retryMs = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onVisibility = () => this.#follow();

  constructor(
    private readonly path: string,
    private readonly params: Params,
    private readonly handlers: StreamHandlers,
  ) {
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#follow();
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#follow();
  }

  close(): void {
    this.#ended = true;
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.#stop();
  }

  #follow(): void {
    if (this.#ended) return;
    if (this.#paused || document.hidden) {
      this.#stop();
      this.handlers.onState?.({ is: 'paused' });
    } else if (!this.#controller && !this.#timer) {
      void this.#run();
    }
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#controller?.abort();
    this.#controller = undefined;
  }

  async #run(): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    this.handlers.onState?.({ is: 'connecting' });
    let silence: ReturnType<typeof setTimeout> | undefined;
    let silent = false;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => {
        silent = true;
        controller.abort();
      }, SILENCE_MS);
    };
    try {
      heard();
      const response = await fetch(apiUrl(this.path, this.params), {
        signal: controller.signal,
        cache: 'no-store',
        headers: { Accept: 'text/event-stream' },
      });
      noteServerTime(response.headers.get('Date'));
      if (!response.ok || !response.body) throw await problemOf(response);
      this.handlers.onState?.({ is: 'live' });
      const parser = new EventParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new ApiProblem('unreachable', '');
        heard();
        if (this.#controller === controller) this.handlers.onHeard?.();
        for (const event of parser.add(value)) {
          if (this.#controller !== controller) return;
          this.handlers.onEvent(event);
        }
        this.#retryMs = FIRST_RETRY_MS;
      }
    } catch (error) {
      // Closed or paused: whoever did it said so.
      if (this.#ended || (this.#controller !== controller && !silent)) return;
      this.#controller = undefined;
      this.#fail(silent ? new ApiProblem('timeout', '') : toProblem(error));
    } finally {
      clearTimeout(silence);
      controller.abort();
    }
  }

  #fail(problem: ApiProblem): void {
    if (problem.kind === 'refused' || problem.kind === 'absent') {
      this.handlers.onState?.({ is: 'refused', problem });
      return;
    }
    const wait = this.#retryMs;
    this.#retryMs = Math.min(this.#retryMs * 2, MOST_RETRY_MS);
    this.handlers.onState?.({ is: 'broken', problem, retryAt: Date.now() + wait });
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#follow();
    }, wait);
  }
}
