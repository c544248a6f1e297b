// SPDX-License-Identifier: Apache-2.0
// Alerts as they come: one stream for the whole page, from the first moment.
import { ApiStream, type StreamState } from '../api/stream';
import type { Severity } from '../api/types';

export interface Alert {
  id: string;
  kind: string;
  severity: Severity;
  state: 'active' | 'resolved';
  summary: string;
  technique?: string;
  first_seen: string;
  last_seen: string;
  count: number;
  [more: string]: unknown;
}

// The list of what is active comes right behind the greeting; of a cluster from all its agents.
const LIST_MS = 5_000;

class ActiveAlerts {
  /** By id, newest last; those that were resolved while the page was open stay. */
  alerts = $state.raw<ReadonlyMap<string, Alert>>(new Map());
  state = $state.raw<StreamState>({ is: 'connecting' });
  #stream: ApiStream | undefined;
  #told = new Set<string>();

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
        onEvent: (event) => {
          if (event.name === 'hello') this.#listen();
          if (event.name === 'alert') this.#take(JSON.parse(event.data) as Alert);
        },
        onState: (state) => (this.state = state),
      },
    );
  }

  #take(alert: Alert): void {
    const alerts = new Map(this.alerts);
    alerts.delete(alert.id);
    alerts.set(alert.id, alert);
    this.alerts = alerts;
    this.#told.add(alert.id);
  }

  /** What ended while the stream was away is not told: what is active is told anew. */
  #listen(): void {
    const told = new Set<string>();
    this.#told = told;
    setTimeout(() => {
      if (this.#told !== told) return;
      const kept = [...this.alerts].filter(([id, one]) => one.state !== 'active' || told.has(id));
      if (kept.length !== this.alerts.size) this.alerts = new Map(kept);
    }, LIST_MS);
  }
}
export const activeAlerts = new ActiveAlerts();
