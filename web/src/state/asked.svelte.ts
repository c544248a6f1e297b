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

/** Until what failed is asked again, where that is sooner than its turn. */
const RETRY_MS = 10_000;

/**
 * Asks now and then again, for what has no stream: a page of state that is small. Not while
 * the tab is hidden, at once when it is seen again and the answer is old, and never twice at
 * a time. Returns what ends it.
 */
export function askEvery<T>(
  asked: Asked<T>,
  everyMs: number,
  question: (signal: AbortSignal) => Promise<T>,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  let running = false;
  /** Its turn came while the tab was hidden. */
  let due = false;
  let answeredAt = Number.NEGATIVE_INFINITY;
  const turn = async () => {
    clearTimeout(timer);
    due = document.hidden;
    if (running || due) return;
    running = true;
    await asked.ask(question);
    running = false;
    if (ended) return;
    if (!asked.problem) answeredAt = Date.now();
    timer = setTimeout(turn, asked.problem ? Math.min(everyMs, RETRY_MS) : everyMs);
  };
  const onVisibility = () => {
    // Timers of a tab that is hidden run late.
    const old = due || asked.problem !== undefined || Date.now() - answeredAt >= everyMs;
    if (!document.hidden && old) void turn();
  };
  document.addEventListener('visibilitychange', onVisibility);
  void turn();
  return () => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisibility);
    asked.close();
  };
}
