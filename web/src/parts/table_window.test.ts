// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { firstShown, moved, ROW_HEIGHT, shownColumns } from './table_window';

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

it('shows columns in view, and one on either side', () => {
  const widths = [100, 200, 50, 100, 300];
  expect(shownColumns(widths, 0, 150)).toEqual({ from: 0, to: 3, before: 0 });
  expect(shownColumns(widths, 310, 60)).toEqual({ from: 1, to: 5, before: 100 });
  expect(shownColumns(widths, 600, 150)).toEqual({ from: 3, to: 5, before: 350 });
  expect(shownColumns(widths, 0, 2000)).toEqual({ from: 0, to: 5, before: 0 });
  expect(shownColumns([], 0, 100)).toEqual({ from: 0, to: 0, before: 0 });
});
