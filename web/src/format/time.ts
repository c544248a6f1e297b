// SPDX-License-Identifier: Apache-2.0
import { current } from '../i18n/i18n.svelte';

const locales = { en: 'en-GB', zh: 'zh-CN' };

/** RFC 3339 with nanoseconds to ms since 1970; NaN where it is none. */
export function parseTime(text: string | null | undefined): number {
  return text ? Date.parse(text.replace(/(\.\d{3})\d+/, '$1')) : Number.NaN;
}

/** As the API takes it; empty where it is none. */
export function isoTime(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : '';
}

/** The browser's own zone: "17:02:14", with the day where it is another. */
export function clockTime(ms: number, now = Date.now()): string {
  if (Number.isNaN(ms)) return '–';
  const time = new Date(ms);
  const sameDay = time.toDateString() === new Date(now).toDateString();
  return time.toLocaleString(locales[current.language], {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    ...(sameDay ? {} : { month: 'short', day: 'numeric' }),
  });
}

// Making one takes far longer than using it, and tables have hundreds of ages.
const formats = new Map<string, Intl.RelativeTimeFormat>();
function relative(locale: string): Intl.RelativeTimeFormat {
  let format = formats.get(locale);
  if (!format) {
    format = new Intl.RelativeTimeFormat(locale, { numeric: 'always', style: 'short' });
    formats.set(locale, format);
  }
  return format;
}

/** "12 s ago"; `now` by the same clock as `ms`. */
export function ago(ms: number, now: number): string {
  if (Number.isNaN(ms)) return '–';
  const seconds = Math.round((now - ms) / 1000);
  const format = relative(locales[current.language]);
  const magnitude = Math.abs(seconds);
  if (magnitude < 60) return format.format(-seconds, 'second');
  if (magnitude < 3600) return format.format(-Math.round(seconds / 60), 'minute');
  if (magnitude < 48 * 3600) return format.format(-Math.round(seconds / 3600), 'hour');
  return format.format(-Math.round(seconds / 86400), 'day');
}
