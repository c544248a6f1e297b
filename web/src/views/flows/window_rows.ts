// SPDX-License-Identifier: Apache-2.0
// Rows of the newest steps of a live sum, for a chart: not all groups of a step that has
// thousands, and never more rows than a budget.
import type { Cell, WindowEvent } from '../../api/types';
import { parseTime } from '../../format/time';
import { isMeasure } from './cells';

interface Step {
  rows: readonly Cell[][];
  /** Seconds since 1970, where it is not whole: groups without a row were left out. */
  thinned: number[];
}
export interface WindowRowsOptions {
  steps?: number;
  /** Of a step, the largest by each measure. */
  groups?: number;
  rows?: number;
}

export class WindowRows {
  #steps: Step[] = [];
  #count = 0;
  readonly #most: Required<WindowRowsOptions>;

  constructor({ steps = 120, groups = 50, rows = 60_000 }: WindowRowsOptions = {}) {
    this.#most = { steps, groups, rows };
  }

  add(window: WindowEvent): void {
    const step = this.#thin(window);
    this.#steps.push(step);
    this.#count += step.rows.length;
    while (
      this.#steps.length > 1 &&
      (this.#steps.length > this.#most.steps || this.#count > this.#most.rows)
    )
      this.#count -= this.#steps.shift()?.rows.length ?? 0;
  }

  get rows(): Cell[][] {
    return this.#steps.flatMap((one) => one.rows);
  }
  get thinned(): Set<number> {
    return new Set(this.#steps.flatMap((one) => one.thinned));
  }

  #thin({ columns, rows }: WindowEvent): Step {
    const measures = columns.flatMap((one, index) => (isMeasure(one) ? [index] : []));
    const { groups } = this.#most;
    if (rows.length <= groups * Math.max(1, measures.length)) return { rows, thinned: [] };
    const size = (row: readonly Cell[], at: number) => {
      const value = row[at];
      return typeof value === 'number' ? Math.abs(value) : -1;
    };
    const kept = new Set<Cell[]>();
    for (const at of measures)
      for (const row of [...rows].sort((a, b) => size(b, at) - size(a, at)).slice(0, groups))
        kept.add(row);
    const time = columns.findIndex((one) => one.name === 'time');
    const times = new Set(rows.map((row) => row[time]));
    return {
      rows: rows.filter((row) => kept.has(row)),
      thinned: [...times].map((one) => parseTime(String(one)) / 1000),
    };
  }
}
