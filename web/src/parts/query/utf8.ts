// SPDX-License-Identifier: Apache-2.0
// Places in a text: the API counts bytes of UTF-8, the browser units of UTF-16.

function bytesOf(codePoint: number): number {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

/** How many bytes stand before `index`. A half of a pair counts as the 3 bytes of U+FFFD. */
export function byteOffset(text: string, index: number): number {
  let bytes = 0;
  for (let at = 0; at < Math.min(index, text.length);) {
    const codePoint = text.codePointAt(at) ?? 0;
    bytes += bytesOf(codePoint);
    at += codePoint > 0xffff ? 2 : 1;
  }
  return bytes;
}

/** The index that so many bytes stand before; within a character: the character's. */
export function indexOfByte(text: string, bytes: number): number {
  let at = 0;
  let passed = 0;
  while (at < text.length) {
    const codePoint = text.codePointAt(at) ?? 0;
    const size = bytesOf(codePoint);
    if (passed + size > bytes) break;
    passed += size;
    at += codePoint > 0xffff ? 2 : 1;
  }
  return at;
}

/** A place of a problem (`column` from 1, in bytes) as a range of indices. */
export function rangeOf(
  text: string,
  column: number,
  length: number,
): { from: number; to: number } {
  const from = indexOfByte(text, Math.max(0, column - 1));
  return { from, to: Math.max(from, indexOfByte(text, Math.max(0, column - 1) + length)) };
}
