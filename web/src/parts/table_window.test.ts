// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { firstShown, moved, ROW_HEIGHT } from './table_window';

it('begins some rows before what is in view', () => {
  expect(firstShown(0, 12)).toBe(0);
  expect(firstShown(ROW_HEIGHT * 12, 12)).toBe(0);
  expect(firstShown(ROW_HEIGHT * 1000 + 5, 12)).toBe(988);
  // Within a step nothing changes.
  expect(firstShown(ROW_HEIGHT * 1003, 12)).toBe(988);
});

it('moves by keys, and never out of the rows', () => {
  expect(moved('ArrowDown', -1, 10, 5)).toBe(0);
  expect(moved('ArrowUp', 0, 10, 5)).toBe(0);
  expect(moved('PageDown', 7, 10, 5)).toBe(9);
  expect(moved('PageUp', 7, 10, 5)).toBe(2);
  expect(moved('End', 3, 100_000, 5)).toBe(99_999);
  expect(moved('Home', 3, 10, 5)).toBe(0);
  expect(moved('End', 0, 0, 5)).toBe(0);
  expect(moved('x', 3, 10, 5)).toBeUndefined();
});
