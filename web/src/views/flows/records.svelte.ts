// SPDX-License-Identifier: Apache-2.0
// The answer of one query, page after page up to a bound.
import { apiUrl, ask, ApiProblem, toProblem, type Params, type Place } from '../../api/http';
import { askQuery } from '../../api/query';
import type { Cell, QueryAnswer } from '../../api/types';
import { hasStage, joined, partsOf, type Kind } from '../../parts/query/query_text';
import { fieldsToAsk, sortField } from './columns';

export interface Question {
  q: string;
  since: string;
  until: string;
  /** Columns that were chosen; none: those of the kind. */
  columns: readonly string[];
  defaults: (kind: Kind) => string[];
  cluster: boolean;
  sort: { key: string; descending: boolean } | undefined;
}

export interface Understood {
  kind: Kind;
  /** Sums: its columns are its own. */
  aggregate: boolean;
  /** It says itself which columns. */
  ownFields: boolean;
  shown: string[];
  /** The query as it is asked. */
  text: string;
}

export const MOST_ROWS = 100_000;
const FIRST_PAGE = 500;
const NEXT_PAGE = 5000;
const SORTED_ROWS = 10_000;

interface Validated {
  valid: boolean;
  kind: Kind;
  aggregate: boolean;
  error?: Place & { detail: string };
}

export class Records {
  understood = $state.raw<Understood | undefined>();
  answer = $state.raw<QueryAnswer | undefined>();
  rows = $state.raw<readonly Cell[][]>([]);
  problem = $state.raw<ApiProblem | undefined>();
  /** Another question is on its way; what is shown is of the one before. */
  loading = $state(false);
  paging = $state(false);
  /** Of a list: how many records there are in the range, where nothing matched. */
  others = $state<number | undefined>();
  more = $state(false);
  #cursor: string | null = null;
  #params: Params = {};
  #running: AbortController | undefined;

  async run(question: Question): Promise<void> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    const { signal } = running;
    this.loading = true;
    this.paging = false;
    try {
      const understood = await understand(question, signal);
      this.#params = { since: question.since, until: question.until, timeout: '60s' };
      const ordered = hasStage(understood.text, 'order');
      const params: Params = understood.aggregate
        ? { ...this.#params, max_rows: SORTED_ROWS }
        : hasStage(question.q, 'limit')
          ? this.#params
          : { ...this.#params, limit: ordered ? SORTED_ROWS : FIRST_PAGE };
      const answer = await askQuery(understood.text, params, { signal, timeoutMs: 65_000 });
      if (signal.aborted) return;
      this.understood = understood;
      this.answer = answer;
      this.rows = answer.rows;
      this.problem = undefined;
      this.others = undefined;
      this.#cursor = answer.next_cursor;
      this.more = this.#cursor !== null && !hasStage(question.q, 'limit');
      if (answer.rows.length === 0 && !understood.aggregate) {
        const count = await this.#countAll(understood.kind, signal);
        if (!signal.aborted) this.others = count;
      }
    } catch (error) {
      if (signal.aborted) return;
      this.problem = toProblem(error);
    } finally {
      if (this.#running === running) this.loading = false;
    }
  }

  /** The next page, where there is one and nothing else is asked. */
  async next(): Promise<void> {
    const { understood } = this;
    if (this.loading || this.paging || !this.more || !understood || !this.#running) return;
    const { signal } = this.#running;
    const limit = Math.min(NEXT_PAGE, MOST_ROWS - this.rows.length);
    if (limit <= 0) return;
    this.paging = true;
    try {
      const page = await askQuery(
        understood.text,
        { ...this.#range(), limit, cursor: this.#cursor ?? undefined },
        { signal, timeoutMs: 65_000 },
      );
      if (signal.aborted) return;
      this.rows = [...this.rows, ...page.rows];
      this.#cursor = page.next_cursor;
      this.more = this.#cursor !== null && this.rows.length < MOST_ROWS;
    } catch (error) {
      if (!signal.aborted) {
        this.problem = toProblem(error);
        this.more = false;
      }
    } finally {
      if (!signal.aborted) this.paging = false;
    }
  }

  /** `15m` moves on with the clock; the next page and an export are of what is shown. */
  #range(): Params {
    return { ...this.#params, since: this.answer?.since ?? this.#params.since };
  }

  /** How many records the filter has in what is shown. */
  async count(): Promise<number | undefined> {
    const { understood, answer } = this;
    if (!understood || !answer) return undefined;
    if (understood.aggregate || !answer.truncated) return this.rows.length;
    const parts = partsOf(understood.text);
    const ranges = parts.stages.filter((stage) => /^(last|since|until)\b/i.test(stage));
    const text = joined({ ...parts, kind: understood.kind, stages: [...ranges, 'count'] });
    const count = await askQuery(text, this.#range());
    return Number(count.rows[0]?.[0] ?? 0);
  }

  exportParams(): Params {
    return { q: this.understood?.text, ...this.#range(), max_rows: MOST_ROWS };
  }

  async #countAll(kind: Kind, signal: AbortSignal): Promise<number | undefined> {
    const parts = partsOf(this.understood?.text ?? '');
    if (parts.filter === '') return undefined;
    const ranges = parts.stages.filter((stage) => /^(last|since|until)\b/i.test(stage));
    const text = joined({ kind, filter: '', stages: [...ranges, 'count'] });
    try {
      const answer = await askQuery(text, this.#params, { signal });
      return Number(answer.rows[0]?.[0] ?? 0);
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#running?.abort();
  }
}

async function understand(question: Question, signal: AbortSignal): Promise<Understood> {
  // The parameter may not be empty.
  const q = question.q.trim() || 'flows';
  const checked = await ask<Validated>('/api/query/validate', { q }, { signal });
  if (!checked.valid) {
    const { detail, ...place } = checked.error ?? { detail: '', column: 1, length: 0 };
    throw new ApiProblem('refused', detail, 400, place);
  }
  const ownFields = hasStage(q, 'fields');
  const shown =
    question.columns.length > 0 ? [...question.columns] : question.defaults(checked.kind);
  const parts = partsOf(q);
  const { sort } = question;
  if (!checked.aggregate) {
    if (sort && !hasStage(q, 'order', 'limit'))
      parts.stages.push(`order by ${sortField(sort.key)} ${sort.descending ? 'desc' : 'asc'}`);
    if (!ownFields) parts.stages.push(`fields ${fieldsToAsk(shown, question.cluster).join(', ')}`);
  }
  return {
    kind: checked.kind,
    aggregate: checked.aggregate,
    ownFields,
    shown: checked.aggregate || ownFields ? [] : shown,
    text: joined(parts),
  };
}

let fields: Promise<import('./columns').Field[]> | undefined;

/** Every field that queries know; asked once. */
export function allFields(): Promise<import('./columns').Field[]> {
  fields ??= ask<{ fields: import('./columns').Field[] }>('/api/query/fields')
    .then((answer) => answer.fields)
    .catch((error: unknown) => {
      fields = undefined;
      throw error;
    });
  return fields;
}

let parquet: Promise<boolean> | undefined;

/** Whether this program writes Parquet: one without DuckDB, and netprobe-server, do not. */
export function writesParquet(): Promise<boolean> {
  parquet ??= fetch(apiUrl('/api/query', { q: 'limit 1', since: '1s', format: 'parquet' })).then(
    async (response) => {
      await response.body?.cancel();
      return response.status !== 501;
    },
    () => {
      parquet = undefined;
      return true; // It is told when it is asked for.
    },
  );
  return parquet;
}
