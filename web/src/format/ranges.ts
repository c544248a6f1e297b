// SPDX-License-Identifier: Apache-2.0
// Ranges of time that views offer, and the steps in which history tells of them.

export interface Range {
  /** As the API and the address have it. */
  name: string;
  ms: number;
  /** Records of history are of up to a minute: below it, a step would show their cuts. */
  stepMs: number;
  step: string;
}

const MINUTE = 60_000;

export const ranges: readonly Range[] = [
  { name: '15m', ms: 15 * MINUTE, stepMs: MINUTE, step: '1m' },
  { name: '1h', ms: 60 * MINUTE, stepMs: MINUTE, step: '1m' },
  { name: '6h', ms: 360 * MINUTE, stepMs: 5 * MINUTE, step: '5m' },
  { name: '24h', ms: 1440 * MINUTE, stepMs: 15 * MINUTE, step: '15m' },
];

export function rangeOf(name: string | undefined, among: readonly Range[] = ranges): Range {
  return among.find((range) => range.name === name) ?? (among[0] as Range);
}

/**
 * Where a picture of the range begins: at its first whole step. A record stands at its
 * beginning, so of a step that is cut one cannot tell how much belongs to the rest.
 */
export function firstWholeStep(untilMs: number, { ms, stepMs }: Range): number {
  return Math.ceil((untilMs - ms) / stepMs) * stepMs;
}
