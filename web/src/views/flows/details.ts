// SPDX-License-Identifier: Apache-2.0
// What is told of one row, and where it leads.
import type { Cell, Column } from '../../api/types';
import { joined, partsOf, withCondition, type Kind } from '../../parts/query/query_text';
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

/** The records that one row of sums is made of. */
export function recordsBehind(query: string, columns: readonly Column[], get: Get): string {
  const parts = partsOf(query);
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
