// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { forceLayout } from './force';
import { keepOrder } from './order';
import {
  COLUMN,
  NODE_HEIGHT,
  NODE_WIDTH,
  type Places,
  placeNewcomers,
  ROW,
  wrapRanks,
} from './place';
import { neighbourIn } from './shapes';
import { slotAt, slotsOf } from './spans';

it('moves nobody, and puts newcomers beside who they talk to', () => {
  const places: Places = new Map([
    ['a', { x: 0, y: 0 }],
    ['b', { x: COLUMN, y: 0 }],
  ]);
  placeNewcomers(
    places,
    ['a', 'b', 'c', 'd', 'alone'],
    [
      ['a', 'b'],
      ['b', 'c'],
      ['d', 'a'],
    ],
  );
  expect(places.get('a')).toEqual({ x: 0, y: 0 });
  expect(places.get('b')).toEqual({ x: COLUMN, y: 0 });
  expect(places.get('c')).toEqual({ x: 2 * COLUMN, y: 0 });
  expect(places.get('d')).toEqual({ x: -COLUMN, y: 0 });
  expect(places.has('alone')).toBe(true);
});

it('puts no card over another, however many come', () => {
  const places: Places = new Map([['hub', { x: 0, y: 0 }]]);
  const ids = Array.from({ length: 150 }, (_, at) => `n${at}`);
  placeNewcomers(
    places,
    ids,
    ids.map((id): [string, string] => ['hub', id]),
  );
  const all = [...places.values()];
  all.forEach((a, at) =>
    all
      .slice(at + 1)
      .forEach((b) =>
        expect(Math.abs(a.x - b.x) >= NODE_WIDTH || Math.abs(a.y - b.y) >= NODE_HEIGHT).toBe(true),
      ),
  );
});

it('breaks ranks that are too tall, and joins many small ones', () => {
  const tall = wrapRanks(Array.from({ length: 100 }, (_, at) => ({ x: 0, y: at })));
  const xs = new Set(tall.map((point) => point.x));
  expect(xs.size).toBeGreaterThan(2);
  const chain = wrapRanks(Array.from({ length: 40 }, (_, at) => ({ x: at * 300, y: 0 })));
  const wide = Math.max(...chain.map((point) => point.x));
  expect(wide).toBeLessThan(8 * COLUMN);
  const order = chain.map((point) => point.x);
  expect([...order].sort((a, b) => a - b)).toEqual(order);
  const keys = new Set([...chain].map(({ x, y }) => `${x} ${Math.round(y / (ROW / 4))}`));
  expect(keys.size).toBe(40);
});

it('lays out the same graph alike, and leaves those that stand', () => {
  const edges = Uint32Array.from([0, 1, 1, 2, 2, 3, 3, 0, 4, 0]);
  const one = forceLayout({ count: 6, edges });
  expect(forceLayout({ count: 6, edges })).toEqual(one);
  for (const { x, y } of one) expect(Number.isFinite(x + y)).toBe(true);
  const fixed = new Float64Array(12).fill(Number.NaN);
  fixed.set([500, -500], 0);
  expect(forceLayout({ count: 6, edges, fixed })[0]).toEqual({ x: 500, y: -500 });
});

it('keeps the order of rows while numbers change', () => {
  const keep = keepOrder<[string, number]>();
  const names = (rows: [string, number][], stamp: string) =>
    keep(
      rows,
      ([id]) => id,
      ([, size]) => size,
      stamp,
    ).map(([id]) => id);
  expect(
    names(
      [
        ['a', 1],
        ['b', 3],
        ['c', 2],
      ],
      's',
    ),
  ).toEqual(['b', 'c', 'a']);
  expect(
    names(
      [
        ['a', 9],
        ['b', 0],
        ['c', 2],
        ['d', 99],
      ],
      's',
    ),
  ).toEqual(['b', 'c', 'a', 'd']);
  expect(
    names(
      [
        ['a', 9],
        ['b', 0],
        ['c', 2],
        ['d', 99],
      ],
      't',
    ),
  ).toEqual(['d', 'a', 'c', 'b']);
});

it('finds the neighbour of an arrow key', () => {
  const others: [string, { x: number; y: number }][] = [
    ['right', { x: 100, y: 10 }],
    ['down', { x: 5, y: 50 }],
    ['self', { x: 0, y: 0 }],
  ];
  expect(neighbourIn('ArrowRight', { x: 0, y: 0 }, others)).toBe('right');
  expect(neighbourIn('ArrowDown', { x: 0, y: 0 }, others)).toBe('down');
  expect(neighbourIn('ArrowLeft', { x: 0, y: 0 }, others)).toBeUndefined();
});

it('has whole steps of history', () => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 30);
  const slots = slotsOf('1h', now);
  expect(slots.count).toBe(60);
  expect(slots.first + slots.count * slots.step).toBe(Date.UTC(2026, 0, 1, 12, 0, 0));
  expect(slotAt(slots, slots.first + 61_000)).toBe(1);
  expect(slotAt(slots, 0)).toBe(0);
  expect(slotAt(slots, now + 1e9)).toBe(59);
});
