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

class ActiveAlerts {
  /** By id, newest last; those that were resolved while the page was open stay. */
  alerts = $state.raw<ReadonlyMap<string, Alert>>(new Map());
  state = $state.raw<StreamState>({ is: 'connecting' });
  #stream: ApiStream | undefined;

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
          if (event.name !== 'alert') return;
          const alert = JSON.parse(event.data) as Alert;
          const alerts = new Map(this.alerts);
          alerts.delete(alert.id);
          alerts.set(alert.id, alert);
          this.alerts = alerts;
        },
        onState: (state) => (this.state = state),
      },
    );
  }
}
export const activeAlerts = new ActiveAlerts();
