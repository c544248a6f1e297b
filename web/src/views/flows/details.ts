// SPDX-License-Identifier: Apache-2.0
// What is told of one row, and where it leads.
import type { Cell, Column } from '../../api/types';
import { parseTime } from '../../format/time';
import {
  joined,
  partsOf,
  withCondition,
  withoutStages,
  type Kind,
} from '../../parts/query/query_text';
import { tokensOf } from '../../parts/query/tokens';
import { linkTo } from '../../state/location.svelte';
import { conditionFor, isMeasure } from './cells';
import type { Get } from './columns';

export interface DetailField extends Column {
  value: Cell;
}

/** Fields that name something: rows with the same value can be asked for. */
export function canFilter(field: Column): boolean {
  return !isMeasure(field) && field.type !== 'time' && field.type !== 'json';
}

const TUPLE = ['protocol', 'src.ip', 'src.port', 'dst.ip', 'dst.port'] as const;

/** The address of its path, by its 5-tuple, which an agent and the server both find it by. */
export function pathLink(get: Get): string | undefined {
  const values = TUPLE.map((name) => get(name));
  if (values.some((one) => one === null || one === undefined)) return undefined;
  const [protocol, src, srcPort, dst, dstPort] = values.map(String);
  return linkTo('path', {
    protocol,
    src_ip: src,
    src_port: srcPort,
    dst_ip: dst,
    dst_port: dstPort,
    node: textOf(get('observer')),
    flow: textOf(get('flow_id')),
  });
}

/** Both namespaces of a row, where they are known: the map begins with them. */
export function mapLink(get: Get): string | undefined {
  const namespace = textOf(get('src.namespace')) ?? textOf(get('dst.namespace'));
  return linkTo('map', namespace ? { q: `namespace=${namespace}` } : {});
}

/** Records of another kind of the same 5-tuple, whoever began. */
export function relatedQuery(get: Get, kind: Kind): string {
  let query: string = kind;
  for (const name of TUPLE) {
    const value = get(name);
    if (value === null || value === undefined) continue;
    const type = name.endsWith('.port') ? 'number' : 'address';
    const field = name.replace(/^(src|dst)\./, '');
    query = withCondition(query, conditionFor(field, type, value));
  }
  return query;
}

/** What one record is found again by: its time, and its 5-tuple. */
export function recordQuery(kind: Kind, get: Get, fields: readonly string[]): string {
  let filter = '';
  for (const name of [...TUPLE, 'observer'] as const) {
    const value = get(name);
    if (value === undefined) continue;
    const type = name.endsWith('.port') ? 'number' : name === 'observer' ? 'text' : 'address';
    filter = withCondition(filter, conditionFor(name, type, value));
  }
  return joined({ kind, filter, stages: [`fields ${fields.join(', ')}`] });
}

const UNITS: Record<string, number> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The step of `… every 1m30s`, in ms. */
export function stepOf(query: string): number | undefined {
  for (const stage of partsOf(query).stages) {
    const tokens = tokensOf(stage);
    const at = tokens.findIndex((one) => one.kind === 'word' && /^every$/i.test(one.text));
    const text = at < 0 ? '' : (tokens[at + 1]?.text ?? '');
    if (!/^(\d+(\.\d+)?(us|ms|s|m|h|d))+$/i.test(text)) continue;
    let ms = 0;
    for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h|d)/gi))
      ms += Number(number) * (UNITS[(unit ?? '').toLowerCase()] ?? 0);
    return ms > 0 ? ms : undefined;
  }
  return undefined;
}

/** As an answer says it, or a link takes it. */
export interface Range {
  since?: string | null;
  until?: string | null;
}

/** The step of time that a row of sums is of; of `answered`, the range of all, no more than that. */
export function stepRange(
  query: string,
  get: Get,
  answered: Range,
): { since: string; until: string } | undefined {
  const [time, step] = [get('time'), stepOf(query)];
  const from = parseTime(typeof time === 'string' ? time : '');
  if (typeof time !== 'string' || step === undefined || Number.isNaN(from)) return undefined;
  const to = from + step;
  return {
    since: answered.since && parseTime(answered.since) > from ? answered.since : time,
    until:
      answered.until && parseTime(answered.until) < to
        ? answered.until
        : new Date(to).toISOString(),
  };
}

const AROUND_MS = 60_000;

/** When what belongs to a record was: from its beginning on, and somewhat around it. */
export function recordRange(get: Get): { since: string; until: string } | undefined {
  const time = parseTime(String(get('time') ?? ''));
  if (Number.isNaN(time)) return undefined;
  const first = parseTime(String(get('first_seen') ?? ''));
  return {
    since: new Date(Number.isNaN(first) ? time - AROUND_MS : first).toISOString(),
    until: new Date(time + AROUND_MS).toISOString(),
  };
}

/** The records that one row of sums is made of; of a step its range is another: stepRange(). */
export function recordsBehind(query: string, columns: readonly Column[], get: Get): string {
  const parts = partsOf(
    stepRange(query, get, {}) ? withoutStages(query, 'last', 'since', 'until') : query,
  );
  let behind = joined({
    ...parts,
    stages: parts.stages.filter((stage) => /^(last|since|until)\b/i.test(stage)),
  });
  for (const column of columns) {
    const value = get(column.name);
    if (value === undefined || !canFilter(column) || column.name === 'le') continue;
    behind = withCondition(behind, conditionFor(column.name, column.type, value));
  }
  return behind;
}

const textOf = (value: Cell | undefined) =>
  value === null || value === undefined || value === '' ? undefined : String(value);
