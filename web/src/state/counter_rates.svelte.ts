// SPDX-License-Identifier: Apache-2.0
// Rates out of counters that are asked for again and again.

/** Counters of one thing, and when they were read: ms since 1970 by who counts. */
export interface Reading {
  at: number;
  values: readonly number[];
}
export type Readings = ReadonlyMap<string, Reading>;

/**
 * Per second, of what both readings have. None where time did not pass or a counter ran
 * backwards: whoever counts began anew.
 */
export function ratesBetween(before: Readings, after: Readings): Map<string, number[]> {
  const rates = new Map<string, number[]>();
  for (const [key, now] of after) {
    const old = before.get(key);
    const seconds = old ? (now.at - old.at) / 1000 : 0;
    if (!old || !(seconds > 0)) continue;
    const gained = now.values.map((value, i) => value - (old.values[i] ?? 0));
    if (gained.some((gain) => gain < 0)) continue;
    rates.set(
      key,
      gained.map((gain) => gain / seconds),
    );
  }
  return rates;
}

export class CounterRates {
  rates = $state.raw<ReadonlyMap<string, number[]>>(new Map());
  /** Over how long they are. */
  seconds = $state(0);
  #before: Readings | undefined;

  get known(): boolean {
    return this.rates.size > 0;
  }
  of(key: string, index = 0): number | undefined {
    return this.rates.get(key)?.[index];
  }
  take(readings: Readings): void {
    const before = this.#before;
    this.#before = readings;
    if (!before) return;
    this.rates = ratesBetween(before, readings);
    const [key] = this.rates.keys();
    if (key === undefined) return;
    this.seconds = ((readings.get(key)?.at ?? 0) - (before.get(key)?.at ?? 0)) / 1000;
  }
}
