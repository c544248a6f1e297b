// SPDX-License-Identifier: Apache-2.0

/** A foreign name within a sentence: whichever way it runs, the rest stays as it is. */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}
