// SPDX-License-Identifier: Apache-2.0
// Time travel: how far back, in which steps.
export const spans = ['1h', '6h', '24h'] as const;
export type Span = (typeof spans)[number];

const MINUTE = 60_000;
const lengths: Record<Span, { ms: number; step: number; every: string }> = {
  '1h': { ms: 60 * MINUTE, step: MINUTE, every: '1m' },
  '6h': { ms: 360 * MINUTE, step: 5 * MINUTE, every: '5m' },
  '24h': { ms: 1440 * MINUTE, step: 15 * MINUTE, every: '15m' },
};

export interface Slots {
  /** Beginning of the first, ms; each is `step` long, the last ends before now. */
  first: number;
  step: number;
  count: number;
  every: string;
}

export function slotsOf(span: Span, now: number): Slots {
  const { ms, step, every } = lengths[span];
  const end = Math.floor(now / step) * step;
  return { first: end - ms, step, count: ms / step, every };
}

/** The slot of a time; the nearest where it is outside. */
export function slotAt(slots: Slots, time: number): number {
  const slot = Math.floor((time - slots.first) / slots.step);
  return Math.min(slots.count - 1, Math.max(0, slot));
}

export function spanOf(text: string | undefined): Span {
  return spans.find((span) => span === text) ?? '1h';
}
