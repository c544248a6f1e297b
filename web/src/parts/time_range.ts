// SPDX-License-Identifier: Apache-2.0
// Time ranges as the API takes them: a duration before now, or RFC 3339.

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `1h30m` in ms; NaN where it is none. */
export function durationMs(text: string): number {
  if (!/^(\d+[smhd])+$/.test(text)) return Number.NaN;
  let seconds = 0;
  for (const [, value, unit] of text.matchAll(/(\d+)([smhd])/g))
    seconds += Number(value) * (UNITS[unit ?? ''] ?? 0);
  return seconds * 1000;
}

/** A time as <input type="datetime-local"> has it, in the browser's zone; '' for none. */
export function localInput(ms: number, text = '', now = Date.now()): string {
  const before = durationMs(text);
  const time = Number.isNaN(before) ? ms : now - before;
  if (Number.isNaN(time)) return '';
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, '0');
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}` +
    `T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  );
}
