// SPDX-License-Identifier: Apache-2.0
// Which rows of a long table are in the document, and where keys lead.
export const ROW_HEIGHT = 28;

/** In steps of some rows, so that not each pixel makes them anew. */
export function firstShown(scrollTop: number, overscan: number, step = 4): number {
  const row = Math.floor(scrollTop / ROW_HEIGHT) - overscan;
  return Math.max(0, Math.floor(row / step) * step);
}

/** undefined: not a key that moves. */
export function moved(key: string, at: number, rows: number, page: number): number | undefined {
  const within = (index: number) => Math.max(0, Math.min(rows - 1, index));
  switch (key) {
    case 'ArrowDown':
      return within(at + 1);
    case 'ArrowUp':
      return within(at - 1);
    case 'PageDown':
      return within(at + page);
    case 'PageUp':
      return within(at - page);
    case 'Home':
      return 0;
    case 'End':
      return within(rows - 1);
    default:
      return undefined;
  }
}

/** Columns that a view of `room` px at `left` shows, one more on either side; px before them. */
export function shownColumns(widths: readonly number[], left: number, room: number) {
  let from = 0;
  let before = 0;
  while (from < widths.length - 1 && before + (widths[from] ?? 0) <= left) {
    before += widths[from] ?? 0;
    from += 1;
  }
  let to = from;
  let end = before;
  while (to < widths.length && end < left + room) {
    end += widths[to] ?? 0;
    to += 1;
  }
  if (from > 0) {
    from -= 1;
    before -= widths[from] ?? 0;
  }
  return { from, to: Math.min(widths.length, to + 1), before };
}
