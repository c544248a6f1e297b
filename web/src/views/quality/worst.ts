// SPDX-License-Identifier: Apache-2.0
// The table of who fares worst: rows of an answer by group.
import { columnIndex, condition, text } from '../../api/query';
import type { Cell, QueryAnswer } from '../../api/types';
import { groupFields, sorts, type Grouping, type Sort } from './queries';

export interface WorstRow {
  key: string;
  /** Two sides, or one name. */
  names: string[];
  conditions: string;
  values: Record<Sort, number | null>;
  /** Packets of the client's and of the server's side. */
  packets: readonly [number, number];
}

function numberOf(cell: Cell | undefined): number | null {
  return typeof cell === 'number' ? cell : null;
}

function namesOf(fields: readonly string[], values: readonly Cell[]): string[] {
  const join = (prefix: string) =>
    fields
      .map((field, i) => (field.startsWith(prefix) ? text(values[i]) : ''))
      .filter((part) => part !== '')
      .join('/');
  const twoSides = fields.some((field) => field.startsWith('src.'));
  return twoSides ? [join('src.'), join('dst.')] : [values.map(text).filter(Boolean).join(' · ')];
}

export function worstRows(answer: QueryAnswer, grouping: Grouping): WorstRow[] {
  const at = (name: string) => columnIndex(answer.columns, name);
  const fields = groupFields(grouping);
  return answer.rows.map((row) => {
    const values = fields.map((field) => row[at(field)] ?? null);
    return {
      key: JSON.stringify(values),
      names: namesOf(fields, values),
      conditions: fields.map((field, i) => condition(field, values[i])).join(' '),
      values: Object.fromEntries(sorts.map((name) => [name, numberOf(row[at(name)])])) as Record<
        Sort,
        number | null
      >,
      packets: [
        numberOf(row[at('sum_packets')]) ?? 0,
        numberOf(row[at('sum_reverse_packets')]) ?? 0,
      ],
    };
  });
}

/** Of all packets of the side that sent it; undefined where a share says nothing. */
export function shareOf({ values, packets }: WorstRow, column: Sort): number | undefined {
  const side =
    column === 'sum_retransmits' ? 0 : column === 'sum_reverse_retransmits' ? 1 : undefined;
  const all = side === undefined ? 0 : packets[side];
  const value = values[column] ?? 0;
  return all > 0 && value > 0 ? value / all : undefined;
}

/** What the flows behind a value have. */
export function valueQuery(column: Sort): string {
  switch (column) {
    case 'p50_rtt':
    case 'p99_rtt':
      return 'rtt!=none';
    case 'p99_handshake':
      return 'handshake!=none';
    default:
      return `${column.slice('sum_'.length)}>0`;
  }
}
