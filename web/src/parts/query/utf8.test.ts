// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { byteOffset, indexOfByte, rangeOf } from './utf8';

it('counts bytes of UTF-8', () => {
  const text = 'aé中😀z';
  expect([0, 1, 2, 3, 5, 6].map((index) => byteOffset(text, index))).toEqual([0, 1, 3, 6, 10, 11]);
  expect([0, 1, 3, 6, 10, 11, 99].map((bytes) => indexOfByte(text, bytes))).toEqual([
    0, 1, 2, 3, 5, 6, 6,
  ]);
  // Within a character, and of half a pair.
  expect(indexOfByte(text, 2)).toBe(1);
  expect(byteOffset('\ud800x', 2)).toBe(4);
});

it('finds what an error is of', () => {
  const text = 'src.pod="中文" scr.ip=1';
  const range = rangeOf(text, 1 + byteOffset(text, text.indexOf('scr')), 6);
  expect(text.slice(range.from, range.to)).toBe('scr.ip');
  expect(rangeOf('dst.port=', 10, 0)).toEqual({ from: 9, to: 9 });
  expect(rangeOf('x', 40, 5)).toEqual({ from: 1, to: 1 });
});
