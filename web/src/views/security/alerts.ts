// SPDX-License-Identifier: Apache-2.0
// Alerts of a list, of the stream and of history, as one list; and the flows behind them.
import { columnIndex, condition, number, text } from '../../api/query';
import type { Cell, QueryAnswer, Severity } from '../../api/types';
import { isoTime, parseTime } from '../../format/time';
import type { AlertEnd, Evidence, FullAlert } from './types';

export const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];
export const ranges = ['', '1h', '24h', '7d'] as const;

export interface AlertFilter {
  state: '' | 'active' | 'resolved';
  /** This one and worse. */
  severity: '' | Severity;
  kind: string;
  muted: boolean;
}

export function matches(alert: FullAlert, filter: AlertFilter): boolean {
  if (filter.state && alert.state !== filter.state) return false;
  if (filter.kind && alert.kind !== filter.kind) return false;
  if (alert.muted && !filter.muted) return false;
  return (
    !filter.severity || severities.indexOf(alert.severity) >= severities.indexOf(filter.severity)
  );
}

const keyOf = (alert: FullAlert) => `${alert.node ?? ''}/${alert.id}`;

/**
 * What was listed, with what came since: newest begun first, so that one that goes on
 * stays where it is.
 */
export function merged(
  listed: readonly FullAlert[],
  live: Iterable<FullAlert>,
  filter: AlertFilter,
): FullAlert[] {
  const alerts = new Map(listed.map((alert) => [keyOf(alert), alert] as const));
  for (const alert of live) {
    const key = keyOf(alert);
    const before = alerts.get(key);
    if (before && before.updated > alert.updated) continue;
    if (matches(alert, filter)) alerts.set(key, alert);
    else alerts.delete(key);
  }
  return [...alerts.values()].sort(
    (a, b) => b.opened.localeCompare(a.opened) || a.id.localeCompare(b.id),
  );
}

/** The fields that `alertsOfHistory` reads. */
const historyFields = [
  'time',
  'observer',
  ...['src', 'dst'].flatMap((end) =>
    ['ip', 'port', 'namespace', 'name', 'workload', 'workload.kind', 'node', 'process', 'pid'].map(
      (name) => `${end}.${name}`,
    ),
  ),
  ...['id', 'kind', 'severity', 'technique', 'summary', 'count', 'evidence'].map(
    (name) => `alert.${name}`,
  ),
  'first_seen',
  'last_seen',
];

export function historyQuery(filter: AlertFilter, own: string, last: string): string {
  const conditions = [
    'alerts',
    filter.kind && condition('alert.kind', filter.kind),
    filter.severity && `alert.severity>=${filter.severity}`,
    own.trim() && `(${own.trim().replace(/^alerts\b/, '')})`,
  ];
  return `${conditions.filter(Boolean).join(' ')} | fields ${historyFields.join(', ')} | last ${last}`;
}

interface KeptEvidence extends Evidence {
  change?: string;
  opened?: string;
  resolved?: string;
  source_text?: string;
  target_text?: string;
}

function evidenceOf(cell: Cell | undefined): KeptEvidence {
  try {
    const value: unknown = JSON.parse(text(cell));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Of all that history has of an alert, what was told last. */
export function alertsOfHistory(answer: QueryAnswer, filter: AlertFilter): FullAlert[] {
  const newest = new Map<string, Cell[]>();
  const at = (row: readonly Cell[], name: string) => row[columnIndex(answer.columns, name)];
  for (const row of answer.rows) {
    const key = `${text(at(row, 'observer'))}/${text(at(row, 'alert.id'))}`;
    const before = newest.get(key);
    if (!before || text(at(before, 'time')) < text(at(row, 'time'))) newest.set(key, row);
  }
  const endOf = (row: readonly Cell[], end: string, words: string | undefined): AlertEnd => {
    const of = (name: string) => text(at(row, `${end}.${name}`)) || undefined;
    const space = of('namespace');
    const name = of('name');
    return dropUndefined({
      ip: of('ip'),
      port: number(at(row, `${end}.port`)) || undefined,
      text: words,
      name: name && space && !name.startsWith(`${space}/`) ? `${space}/${name}` : name,
      namespace: space,
      workload: of('workload'),
      workload_kind: of('workload.kind'),
      node: of('node'),
      comm: of('process'),
      pid: number(at(row, `${end}.pid`)) || undefined,
    });
  };
  const alerts = [...newest.values()].map((row): FullAlert => {
    const evidence = evidenceOf(at(row, 'alert.evidence'));
    const state = evidence.change === 'resolved' ? 'resolved' : 'active';
    return {
      node: text(at(row, 'observer')),
      id: text(at(row, 'alert.id')),
      kind: text(at(row, 'alert.kind')),
      severity: text(at(row, 'alert.severity')) as Severity,
      technique: text(at(row, 'alert.technique')),
      state,
      summary: text(at(row, 'alert.summary')),
      source: endOf(row, 'src', evidence.source_text),
      target: endOf(row, 'dst', evidence.target_text),
      first_seen: text(at(row, 'first_seen')),
      last_seen: text(at(row, 'last_seen')),
      opened: evidence.opened ?? text(at(row, 'first_seen')),
      updated: text(at(row, 'time')),
      ...(evidence.resolved ? { resolved: evidence.resolved } : {}),
      count: number(at(row, 'alert.count')),
      evidence,
    };
  });
  return merged(
    alerts.filter((alert) => matches(alert, filter)),
    [],
    filter,
  );
}

function dropUndefined(end: { [Name in keyof AlertEnd]: AlertEnd[Name] | undefined }): AlertEnd {
  return Object.fromEntries(Object.entries(end).filter(([, value]) => value !== undefined));
}

const ADDRESS = /^[0-9a-f.:]+(\/\d{1,3})?$/i;

/** An end's address, or the network that its text is; else none. */
export function addressOf(end: AlertEnd): string | undefined {
  if (end.ip) return end.ip;
  return end.text && /[.:]/.test(end.text) && ADDRESS.test(end.text) ? end.text : undefined;
}

/** A query for what an alert is of, and the time around it. */
export function flowsBehind(alert: FullAlert): { q: string; since: string; until: string } {
  const ends = [addressOf(alert.source), addressOf(alert.target)].filter((end) => !!end);
  const [first] = alert.evidence.flows ?? [];
  if (ends.length === 0 && first) ends.push(first.src_ip, first.dst_ip);
  const conditions = ends.map((end) => `ip=${end}`);
  if (alert.target.port) conditions.push(`port=${alert.target.port}`);
  const around = (time: string, ms: number) => isoTime(parseTime(time) + ms);
  return {
    q: conditions.join(' '),
    since: around(alert.first_seen, -60_000),
    until: around(alert.last_seen, 60_000),
  };
}

/** What an end is called: its name, else its text, else its address. */
export function nameOf(end: AlertEnd): string {
  return end.name || end.text || end.ip || '';
}

/** "1,234.5", without digits that say nothing. */
export function measured(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 3;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}
