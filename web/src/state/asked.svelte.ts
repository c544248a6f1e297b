// SPDX-License-Identifier: Apache-2.0
// An answer that a view shows: asked again when its question changes, kept while it is.
import { ApiProblem, toProblem } from '../api/http';

export class Asked<T> {
  /** The newest that came; the one before while another is on its way. */
  answer = $state.raw<T | undefined>();
  problem = $state.raw<ApiProblem | undefined>();
  loading = $state(false);
  /** When `answer` came, by this browser's clock. */
  heardAt = $state(0);
  #running: AbortController | undefined;

  /** Ends the question before. `forget`: its answer is of something else. */
  async ask(question: (signal: AbortSignal) => Promise<T>, forget = false): Promise<void> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.loading = true;
    if (forget) this.answer = undefined;
    try {
      const answer = await question(running.signal);
      if (running.signal.aborted) return;
      this.answer = answer;
      this.problem = undefined;
      this.heardAt = Date.now();
    } catch (error) {
      if (running.signal.aborted) return;
      this.problem = toProblem(error);
    } finally {
      if (this.#running === running) this.loading = false;
    }
  }

  close(): void {
    this.#running?.abort();
  }
}

/**
 * Asks now and then again, for what has no stream: a page of state that is small. Not while
 * the tab is hidden, and never twice at a time. Returns what ends it.
 */
export function askEvery<T>(
  asked: Asked<T>,
  everyMs: number,
  question: (signal: AbortSignal) => Promise<T>,
): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let ended = false;
  const turn = async () => {
    if (!document.hidden) await asked.ask(question);
    if (!ended) timer = setTimeout(turn, everyMs);
  };
  void turn();
  return () => {
    ended = true;
    clearTimeout(timer);
    asked.close();
  };
}
