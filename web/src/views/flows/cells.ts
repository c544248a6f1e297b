// SPDX-License-Identifier: Apache-2.0
// Values of answers as people read them, and as the query language takes them back.
import { condition } from '../../api/query';
import type { Cell, Column } from '../../api/types';
import { bytes, count, duration } from '../../format/numbers';
import { parseTime } from '../../format/time';

const MEASURE = /^(count|sum|min|max|avg|rate|peak|distinct|p\d+(_\d+)?|quantile(_[\d_]+)?)(_|$)/;

/** A sum of a query, and not what it is summed by. */
export function isMeasure(column: Column): boolean {
  return MEASURE.test(column.name) && column.type !== 'text' && column.type !== 'address';
}

/** Aligned at its end: an amount, not a name that happens to be a number. */
export function isNumber(column: Column): boolean {
  return column.type === 'count' || column.type === 'duration' || isMeasure(column);
}

export function isBytes(name: string): boolean {
  return /(^|_)bytes(_|$)/.test(name) && !/^distinct_/.test(name);
}

const two = (value: number) => String(value).padStart(2, '0');

/** Of the browser's zone, with ms where there are some, and the day where it is another. */
export function timeText(text: string, now: number): string {
  const ms = parseTime(text);
  if (Number.isNaN(ms)) return text;
  const time = new Date(ms);
  const today = new Date(now);
  const fraction = ms % 1000 ? `.${String(time.getMilliseconds()).padStart(3, '0')}` : '';
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}${fraction}`;
  const same = time.getDate() === today.getDate() && now - ms < 86_400_000 && ms - now < 86_400_000;
  return same ? clock : `${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}

export function cellText(column: Column, value: Cell | undefined, now: number): string {
  if (value === null || value === undefined || value === '') return '–';
  if (column.type === 'time') return timeText(String(value), now);
  if (typeof value === 'number') {
    if (column.type === 'duration' || column.unit === 'ms') return duration(value);
    if (isBytes(column.name)) return bytes(value) + (/^rate_/.test(column.name) ? '/s' : '');
    if (isNumber(column)) return count(value) + (/^rate_/.test(column.name) ? '/s' : '');
    return String(value);
  }
  return String(value);
}

/** All digits, for a title. */
export function exactText(column: Column, value: Cell | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'number') return String(value);
  if (column.type === 'duration') return `${value} ms`;
  return isBytes(column.name) ? `${value} B` : String(value);
}

/** `field=value`, in quotes where the bare value would mean something else. */
export function conditionFor(name: string, type: string, value: Cell): string {
  if (value === null || value === '') return `${name}=none`;
  if (type === 'duration' && typeof value === 'number') return `${name}=${value}ms`;
  if (typeof value !== 'string') return `${name}=${value}`;
  const bare = /^[\w.:+-]+$/.test(value) && !/^none$/i.test(value);
  if (type !== 'text' && type !== 'label') return bare ? `${name}=${value}` : `${name}="${value}"`;
  if (bare && !/^\d+$/.test(value)) return `${name}=${value}`;
  return condition(name, value);
}
