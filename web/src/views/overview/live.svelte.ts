// SPDX-License-Identifier: Apache-2.0
// Live windows as spans of traffic; each is read once.
import type { WindowEvent } from '../../api/types';
import { LiveWindows } from '../../state/live_windows.svelte';
import { spanOf, total, type Span, type Sum } from './history';
import { LIVE_STEP_MS, liveQuery } from './queries';

/** A quarter of an hour of steps. */
const KEPT = 900_000 / LIVE_STEP_MS;
/** "Now" is of so many steps: ten seconds. */
const NOW = 5;

export class LiveTraffic {
  readonly stream = new LiveWindows(liveQuery, KEPT);
  #read = new WeakMap<WindowEvent, Span>();
  readonly spans: Span[] = $derived(this.stream.windows.map((window) => this.#span(window)));
  readonly now: Sum | undefined = $derived(
    this.spans.length > 0 ? total(this.spans.slice(-NOW)) : undefined,
  );
  /** Changes of flows that were not looked at, and records that found no group. */
  readonly missing: number = $derived(
    this.stream.windows.reduce((sum, { missing, left_out }) => sum + missing + left_out.records, 0),
  );

  close(): void {
    this.stream.close();
  }

  #span(window: WindowEvent): Span {
    let span = this.#read.get(window);
    if (!span) this.#read.set(window, (span = spanOf(window)));
    return span;
  }
}
