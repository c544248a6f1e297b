// SPDX-License-Identifier: Apache-2.0
// What the map shows: beside one live stream what the last minute had, so that there is a picture
// at once, and drops, which have no stream; or, of a time that is over, what history has of it.
import { ApiProblem, toProblem } from '../../api/http';
import { askQuery } from '../../api/query';
import type { QueryAnswer, Whole, WindowEvent } from '../../api/types';
import { parseTime } from '../../format/time';
import { askEvery, Asked } from '../../state/asked.svelte';
import { LiveWindows } from '../../state/live_windows.svelte';
import { dataLevel, dropsQuery, type Grouping, type Level, sumsQuery } from './levels';
import { type Lacks, lacksOf, type Slice, Totals } from './totals';

/** Live numbers are of so long; one step alone jumps too much. */
export const SHOWN_MS = 60_000;
/** Edges that are over stay as ghosts for so long. */
export const GHOST_MS = 120_000;
const STEP_MS = 5_000;
const DROPS_EVERY_MS = 15_000;

export interface Range {
  since: number;
  until: number;
}

export interface Shown extends Range, Lacks {
  /** Of rates: what the sums are over. */
  seconds: number;
  /** Changes with each change of the edges. */
  version: number;
  /** Of what was asked for, but for the time. */
  key: string;
  totals: Totals;
  whole: Whole;
}

export class MapData {
  shown = $state.raw<Shown | undefined>();
  problem = $state.raw<ApiProblem | undefined>();
  loading = $state(true);
  /** Why drops are not known. */
  dropsProblem = $state.raw<ApiProblem | undefined>();
  live = $state.raw<LiveWindows | undefined>();
  readonly level: Level;
  readonly #totals: Totals;
  readonly #drops = new Asked<QueryAnswer>();
  readonly #ends: (() => void)[] = [];
  #slices: Slice[] = [];
  #prime: Slice | undefined;
  #primeWhole: Whole | undefined;
  #version = 0;
  #closed = new AbortController();

  constructor(
    private readonly filter: string,
    grouping: Grouping,
    private readonly range: Range | undefined,
    private readonly key = '',
  ) {
    this.level = dataLevel(grouping);
    this.#totals = new Totals(grouping, this.level);
    if (range) void this.past(range);
    else this.#follow();
  }

  #follow(): void {
    void this.#askPrime();
    const live = new LiveWindows(
      sumsQuery(this.filter, this.level, '', ` every ${STEP_MS / 1000}s`),
    );
    this.live = live;
    let last: WindowEvent | undefined;
    this.#ends.push(
      $effect.root(() => {
        $effect(() => {
          const newest = live.newest;
          if (newest && newest !== last) this.#take((last = newest));
        });
      }),
      () => live.close(),
      askEvery(this.#drops, DROPS_EVERY_MS, async (signal) => {
        try {
          const answer = await askQuery(
            dropsQuery(this.filter, this.level, 'last 1m'),
            {},
            { signal },
          );
          this.#takeDrops(answer);
          return answer;
        } catch (error) {
          if (!signal.aborted) this.dropsProblem = toProblem(error);
          throw error;
        }
      }),
    );
  }

  async #askPrime(): Promise<void> {
    try {
      const answer = await askQuery(
        sumsQuery(this.filter, this.level, 'last 1m'),
        { max_rows: 20_000 },
        { signal: this.#closed.signal },
      );
      if (this.#closed.signal.aborted) return;
      const until = parseTime(answer.completeness?.until ?? answer.until) || Date.now();
      const kept = parseTime(answer.kept_since);
      const since = Math.max(until - SHOWN_MS, Number.isNaN(kept) ? 0 : kept);
      this.#prime = this.#totals.slice(answer.columns, answer.rows, since, until);
      this.#primeWhole = answer;
      this.problem = undefined;
      this.#show();
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      // Without history the stream has all there is.
      const problem = toProblem(error);
      if (problem.status !== 503) this.problem = problem;
    } finally {
      this.loading = false;
    }
  }

  #take(event: WindowEvent): void {
    const since = parseTime(event.since);
    const until = parseTime(event.until);
    const slice = this.#totals.slice(event.columns, event.rows, since, until, {
      late: event.late,
      missing: event.missing,
      leftOut: event.left_out.records,
    });
    // A stream that was begun again may tell of a step twice.
    this.#slices = this.#slices.filter(
      (one) => one.until > until - SHOWN_MS && one.since !== since,
    );
    this.#slices.push(slice);
    // An error of the question before is over; the stream answers.
    this.problem = undefined;
    // Two steps alone are too few for a picture that does not flicker.
    if (this.#slices.length >= 3) this.#prime = undefined;
    this.#show(event);
  }

  #takeDrops(answer: QueryAnswer): void {
    this.dropsProblem = undefined;
    const until = parseTime(answer.completeness?.until ?? answer.until) || Date.now();
    this.#totals.setDrops(answer.columns, answer.rows, until);
    this.#show();
  }

  #show(whole: Whole | undefined = this.shown?.whole ?? this.#primeWhole): void {
    const slices = this.#prime ? [this.#prime] : this.#slices;
    const newest = slices.at(-1);
    if (!newest) return;
    const since = Math.min(...slices.map((slice) => slice.since));
    // What is between slices was not heard: it does not thin the rates.
    const covered = slices.reduce((sum, slice) => sum + slice.until - slice.since, 0);
    this.#totals.add(slices, newest.until - GHOST_MS);
    this.#version += 1;
    this.shown = {
      since,
      until: newest.until,
      seconds: Math.max(0.001, covered / 1000),
      version: this.#version,
      key: this.key,
      totals: this.#totals,
      whole: whole ?? {},
      ...lacksOf(slices),
    };
  }

  /** Asks for what was, and shows it instead. */
  async past({ since, until }: Range): Promise<void> {
    this.loading = true;
    const range = `since ${new Date(since).toISOString()} | until ${new Date(until).toISOString()}`;
    const options = { signal: this.#closed.signal };
    try {
      const [flows, drops] = await Promise.allSettled([
        askQuery(sumsQuery(this.filter, this.level, range), { max_rows: 20_000 }, options),
        askQuery(dropsQuery(this.filter, this.level, range), {}, options),
      ]);
      if (this.#closed.signal.aborted) return;
      if (flows.status === 'rejected') throw toProblem(flows.reason);
      this.#slices = [this.#totals.slice(flows.value.columns, flows.value.rows, since, until)];
      if (drops.status === 'fulfilled')
        this.#totals.setDrops(drops.value.columns, drops.value.rows, until);
      else this.dropsProblem = toProblem(drops.reason);
      this.problem = undefined;
      this.#show(flows.value);
    } catch (error) {
      if (!this.#closed.signal.aborted) this.problem = toProblem(error);
    } finally {
      this.loading = false;
    }
  }

  retry(): void {
    if (this.range) void this.past(this.range);
    else void this.#askPrime();
  }

  close(): void {
    this.#closed.abort();
    for (const end of this.#ends) end();
  }
}
