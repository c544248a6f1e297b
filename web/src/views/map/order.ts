// SPDX-License-Identifier: Apache-2.0
// Rows that do not change places under a reader's eyes.

/**
 * Returns a sorter that keeps the order of what it had before: by size where `stamp` is new, and
 * else who was there stays in its place and newcomers go to the end.
 */
export function keepOrder<T>() {
  let places = new Map<string, number>();
  let before: string | undefined;
  return (
    all: readonly T[],
    id: (one: T) => string,
    size: (one: T) => number,
    stamp: string,
  ): T[] => {
    const fresh = stamp !== before || places.size === 0;
    const place = (one: T) => (fresh ? 0 : (places.get(id(one)) ?? Infinity));
    const sorted = all
      .map((one) => ({ one, place: place(one), size: size(one) }))
      .sort((a, b) => (a.place === b.place ? b.size - a.size : a.place - b.place));
    before = stamp;
    // Who left and comes back has its place still; no more of them than rows twice.
    if (fresh || places.size > 2 * all.length + 100) places = new Map();
    sorted.forEach(({ one }) => {
      if (!places.has(id(one))) places.set(id(one), places.size);
    });
    return sorted.map(({ one }) => one);
  };
}
