// SPDX-License-Identifier: Apache-2.0
// Who talks most: rows of a `top` as two sides.
import { columnIndex, condition, INSIDE, number, text } from '../../api/query';
import type { Cell, QueryAnswer } from '../../api/types';
import { groupFields, type Grouping } from './queries';

export interface Talker {
  key: string;
  src: string;
  dst: string;
  bytes: number;
  /** The flows between the two. */
  q: string;
}

function side(row: Cell[], answer: QueryAnswer, fields: readonly string[]): string {
  const parts = fields.map((field) => text(row[columnIndex(answer.columns, field)]));
  return parts.filter((part) => part !== '').join('/');
}

/** An empty side: nobody knows a name. */
export function talkersOf(answer: QueryAnswer, grouping: Grouping): Talker[] {
  const fields = groupFields(grouping);
  const bytes = columnIndex(answer.columns, 'sum_total_bytes');
  return answer.rows.map((row) => {
    const values = fields.map((field) => row[columnIndex(answer.columns, field)] ?? null);
    const conditions = fields.map((field, i) => condition(field, values[i]));
    return {
      key: JSON.stringify(values),
      src: side(
        row,
        answer,
        fields.filter((field) => field.startsWith('src.')),
      ),
      dst: side(
        row,
        answer,
        fields.filter((field) => field.startsWith('dst.')),
      ),
      bytes: number(row[bytes]),
      q: `${INSIDE} ${conditions.join(' ')}`,
    };
  });
}

/** Nothing has a name: another grouping says more. */
export function nameless(talkers: readonly Talker[]): boolean {
  return talkers.length > 0 && talkers.every(({ src, dst }) => src === '' && dst === '');
}
