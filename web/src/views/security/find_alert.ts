// SPDX-License-Identifier: Apache-2.0
// One alert by its id: a link leads to it, and it is in no list that was asked for.
import { ask } from '../../api/http';
import { askQuery, condition } from '../../api/query';
import { alertsOfHistory, historyQuery, type AlertFilter } from './alerts';
import type { AlertsAnswer, FullAlert } from './types';

const any: AlertFilter = { state: '', severity: '', kind: '', muted: true };

/** Of each node that has it; of those that are over for long, history tells. */
export async function findAlert(id: string, signal: AbortSignal): Promise<FullAlert[]> {
  const q = condition('alert.id', id);
  const isIt = (alert: FullAlert) => alert.id === id;
  const answer = await ask<AlertsAnswer>('/api/alerts', { q, muted: 'true' }, { signal });
  const kept = answer.alerts.filter(isIt);
  if (kept.length > 0) return kept;
  const past = await askQuery(historyQuery(any, q, '7d'), { limit: 1000 }, { signal });
  return alertsOfHistory(past, any).filter(isIt);
}
