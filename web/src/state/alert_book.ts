// SPDX-License-Identifier: Apache-2.0
// Alerts that a stream tells, held against lists that are asked for.
import type { Severity, Whole } from '../api/types';

export interface Alert {
  node?: string;
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

/** Those that are active, as /api/alerts has them. */
export interface AlertList extends Whole {
  alerts: Alert[];
  next_cursor?: string | null;
}

/** Of those that are over; a page that is open for weeks would keep all. */
const MOST_RESOLVED = 500;

/** Nodes may give the same id to different alerts. */
export const keyOfAlert = ({ node, id }: Alert) => `${node ?? ''}/${id}`;

export class AlertBook {
  readonly #alerts = new Map<string, Alert>();
  #told = new Set<string>();

  constructor(private readonly mostResolved = MOST_RESOLVED) {}

  take(alert: Alert): void {
    const key = keyOfAlert(alert);
    this.#alerts.delete(key);
    this.#alerts.set(key, alert);
    this.#told.add(key);
  }

  /** A list is asked for: what is told from here on is newer than it. */
  beginList(): void {
    this.#told = new Set();
  }

  /** Takes the list that was asked for. Returns whether all that is active was in it. */
  takeList(list: AlertList): boolean {
    const listed = new Set<string>();
    for (const alert of list.alerts) {
      const key = keyOfAlert(alert);
      if (alert.state !== 'active' || alert.muted === true) continue;
      listed.add(key);
      if (this.#told.has(key)) continue;
      this.#alerts.delete(key);
      this.#alerts.set(key, alert);
    }
    const { agents, answered, missing = [] } = list.completeness ?? {};
    const silent = agents !== undefined && answered !== undefined ? agents - answered : 0;
    const cut = !!list.next_cursor;
    // Of nodes that did not answer nothing is known, and it must be known which they are.
    const away = new Set(missing.map(({ node }) => node).filter(Boolean));
    const named = silent <= away.size && (!list.partial || away.size > 0);
    if (!cut && named)
      for (const [key, alert] of this.#alerts)
        if (
          alert.state === 'active' &&
          !listed.has(key) &&
          !this.#told.has(key) &&
          !away.has(alert.node ?? '')
        )
          this.#alerts.delete(key);
    return !cut && silent === 0 && away.size === 0 && !list.partial;
  }

  /** All, those that were told last at the end; of what is over, the newest. */
  copy(): ReadonlyMap<string, Alert> {
    let resolved = 0;
    for (const { state } of this.#alerts.values()) if (state !== 'active') resolved += 1;
    for (const [key, { state }] of this.#alerts) {
      if (resolved <= this.mostResolved) break;
      if (state === 'active') continue;
      this.#alerts.delete(key);
      resolved -= 1;
    }
    return new Map(this.#alerts);
  }
}
