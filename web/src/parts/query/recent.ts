// SPDX-License-Identifier: Apache-2.0
// Queries that were run in this browser, newest first.
const KEY = 'netprobe.queries';
const MOST = 20;

export function recentQueries(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string').slice(0, MOST) : [];
  } catch {
    return []; // no storage, or somebody else's
  }
}

export function remember(query: string): string[] {
  const text = query.trim();
  const queries = recentQueries().filter((one) => one !== text);
  if (text !== '' && text.length < 2000) queries.unshift(text);
  try {
    localStorage.setItem(KEY, JSON.stringify(queries.slice(0, MOST)));
  } catch {
    // They are forgotten with the tab.
  }
  return queries.slice(0, MOST);
}
