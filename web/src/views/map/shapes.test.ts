// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { COLUMN, NODE_HEIGHT, NODE_WIDTH } from './place';
import { Labels, wayOf } from './shapes';

it('puts a label where no card covers it', () => {
  const from = { x: 0, y: 0 };
  const to = { x: 2 * COLUMN, y: 0 };
  const between = { x: COLUMN, y: 0 };
  const way = wayOf(from, to);
  expect(new Labels([from, to]).place(way, 20)).toEqual(way.middle);
  const place = new Labels([from, to, between]).place(way, 20);
  for (const card of [from, to, between])
    expect(
      Math.abs(place.x - card.x) > NODE_WIDTH / 2 + 10 ||
        Math.abs(place.y - card.y) > NODE_HEIGHT / 2,
    ).toBe(true);
  expect(Math.abs(place.y)).toBeLessThan(1);
});

it('leads around cards', () => {
  const from = { x: 0, y: 0 };
  const to = { x: 2 * COLUMN, y: 0 };
  const between = { x: COLUMN, y: 0 };
  expect(wayOf(from, to, [from, to])).toEqual(wayOf(from, to));
  const around = wayOf(from, to, [from, to, between]);
  expect(Math.abs(around.middle.y)).toBeGreaterThan(NODE_HEIGHT / 2);
  const above = { x: COLUMN, y: around.middle.y };
  const below = wayOf(from, to, [from, to, between, above]);
  expect(below.middle.y).toBe(-around.middle.y);
  // Behind a wall there is no way around: straight.
  const wall = Array.from({ length: 40 }, (_, row) => ({ x: COLUMN, y: (row - 20) * 20 }));
  expect(wayOf(from, to, wall)).toEqual(wayOf(from, to));
});

it('leaves a label in the middle where there is no other place', () => {
  const [from, to] = [
    { x: 0, y: 0 },
    { x: COLUMN, y: 0 },
  ];
  const way = wayOf(from, to);
  const wall = Array.from({ length: 20 }, (_, index) => ({ x: index * 20, y: 0 }));
  expect(new Labels(wall).place(way, 20)).toEqual(way.middle);
  const loop = wayOf(from, from);
  expect(new Labels([from]).place(loop, 20)).toEqual(loop.middle);
});

it('puts no label on another', () => {
  const way = wayOf({ x: 0, y: 0 }, { x: 2 * COLUMN, y: 0 });
  const labels = new Labels([]);
  const [one, two] = [labels.place(way, 40), labels.place(way, 30)];
  expect(one).toEqual(way.middle);
  expect(Math.abs(one.x - two.x)).toBeGreaterThan(35);
});
