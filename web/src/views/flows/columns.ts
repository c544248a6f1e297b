// SPDX-License-Identifier: Apache-2.0
// Columns of lists: which are shown unasked, what must be asked for them. `src` and `dst` are
// this page's own: the name of an end where it is known, else its address, with the port.
import type { Cell, Column } from '../../api/types';
import type { TableColumn } from '../../parts/DataTable.svelte';
import type { Kind } from '../../parts/query/query_text';
import { cellText, isNumber } from './cells';

export interface Field {
  name: string;
  type: string;
  unit?: string;
  kinds: Kind[];
  help: string;
}

const DEFAULTS: Record<Kind, string> = {
  flows:
    'time observer protocol src src.port dst dst.port service direction verdict packets bytes reverse_packets ' +
    'reverse_bytes rtt retransmits interface',
  drops:
    'time observer drop.reason drop.hook drop.location interface protocol src src.port dst dst.port packets bytes',
  connections:
    'time observer protocol src src.port dst dst.port src.process dst.process side verdict error duration ' +
    'bytes_sent bytes_received retransmits rtt',
  alerts: 'time observer alert.severity alert.kind alert.summary src dst alert.count',
};

export function defaultColumns(kind: Kind, cluster: boolean): string[] {
  return DEFAULTS[kind].split(' ').filter((name) => cluster || name !== 'observer');
}

const NAMES = ['src.namespace', 'src.name', 'dst.namespace', 'dst.name'];
/** Of every row, whatever is shown: what its links are made of. */
const ALWAYS = ['time', 'observer', 'protocol', 'src.ip', 'src.port', 'dst.ip', 'dst.port'];

/** More fields a query does not take; netprobe-server needs some of them for itself. */
export const mostFields = (cluster: boolean) => (cluster ? 24 : 32);

export function fieldsToAsk(shown: readonly string[], cluster: boolean): string[] {
  const ends = shown.includes('src') || shown.includes('dst') ? NAMES : [];
  const wanted = shown.filter((name) => name !== 'src' && name !== 'dst');
  return [...new Set([...ALWAYS, ...ends, ...wanted])].slice(0, mostFields(cluster));
}

/** All of `names` in as many queries as it takes; each has the time, to know a record by. */
export function inParts(names: readonly string[], most: number): string[][] {
  const others = names.filter((name) => name !== 'time');
  const parts: string[][] = [];
  for (let at = 0; at < others.length; at += most - 1)
    parts.push(['time', ...others.slice(at, at + most - 1)]);
  return parts;
}

export type Get = (name: string) => Cell | undefined;

/** `shop/web-1`, or the address. */
export function endName(get: Get, side: 'src' | 'dst'): string {
  const name = get(`${side}.name`);
  const namespace = get(`${side}.namespace`);
  if (!name) return String(get(`${side}.ip`) ?? '–');
  return namespace ? `${namespace}/${name}` : String(name);
}

/** `shop/web-1:4242`, `10.0.0.1:53`, `[fd00::1]:80`; the port not where there is none. */
export function endText(get: Get, side: 'src' | 'dst'): string {
  const name = get(`${side}.name`);
  const who = endName(get, side);
  const port = get(`${side}.port`);
  const protocol = String(get('protocol') ?? '');
  if (port === null || port === undefined || /^icmp/.test(protocol)) return who;
  return !name && who.includes(':') ? `[${who}]:${port}` : `${who}:${port}`;
}

const WIDTHS: Record<string, number> = {
  time: 118,
  src: 250,
  dst: 250,
  'src.port': 82,
  'dst.port': 82,
  service: 110,
  observer: 90,
  protocol: 72,
  direction: 95,
  verdict: 100,
  'drop.reason': 190,
  'drop.hook': 80,
  'drop.location': 200,
  'alert.summary': 420,
  'alert.kind': 150,
  'src.ip': 150,
  'dst.ip': 150,
};

export function tableColumn(column: Column, label: string, help?: string): TableColumn {
  const number = isNumber(column);
  const byType =
    column.type === 'time'
      ? 118
      : column.type === 'address'
        ? 170
        : column.type === 'text'
          ? 140
          : 90;
  return {
    key: column.name,
    label,
    width: Math.max(WIDTHS[column.name] ?? byType, 30 + label.length * 7.8),
    number,
    mono: column.type === 'address' || column.name === 'src' || column.name === 'dst',
    title: help,
    sortable: true,
  };
}

export function shownText(column: Column, get: Get, now: number): string {
  if (column.name === 'src' || column.name === 'dst') return endName(get, column.name);
  return cellText(column, get(column.name), now);
}

/** What sorts an end: its address. */
export const sortField = (name: string) => (name === 'src' || name === 'dst' ? `${name}.ip` : name);

export function compareCells(a: Cell | undefined, b: Cell | undefined): number {
  const none = (value: Cell | undefined) => value === null || value === undefined;
  // What is not known comes last either way; the caller turns the rest.
  if (none(a) || none(b)) return none(a) ? (none(b) ? 0 : 1) : -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

export function sortedBy<Row>(
  rows: readonly Row[],
  get: (row: Row) => Cell | undefined,
  descending: boolean,
): Row[] {
  return rows
    .map((row, index) => ({ row, index, value: get(row) }))
    .sort((a, b) => {
      const known = a.value !== null && a.value !== undefined;
      const both = known && b.value !== null && b.value !== undefined;
      const order = compareCells(a.value, b.value);
      return (both && descending ? -order : order) || a.index - b.index;
    })
    .map(({ row }) => row);
}
