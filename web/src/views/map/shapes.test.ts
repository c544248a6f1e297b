// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { COLUMN, NODE_HEIGHT, NODE_WIDTH } from './place';
import { labelOf, wayOf } from './shapes';

it('puts a label where no card covers it', () => {
  const from = { x: 0, y: 0 };
  const to = { x: 2 * COLUMN, y: 0 };
  const between = { x: COLUMN, y: 0 };
  const way = wayOf(from, to);
  expect(labelOf(way, [from, to], 20)).toEqual(way.middle);
  const place = labelOf(way, [from, to, between], 20);
  for (const card of [from, to, between])
    expect(
      Math.abs(place.x - card.x) > NODE_WIDTH / 2 + 10 ||
        Math.abs(place.y - card.y) > NODE_HEIGHT / 2,
    ).toBe(true);
  expect(Math.abs(place.y)).toBeLessThan(1);
});

it('leaves a label in the middle where there is no other place', () => {
  const [from, to] = [
    { x: 0, y: 0 },
    { x: COLUMN, y: 0 },
  ];
  const way = wayOf(from, to);
  const wall = Array.from({ length: 20 }, (_, index) => ({ x: index * 20, y: 0 }));
  expect(labelOf(way, wall, 20)).toEqual(way.middle);
  const loop = wayOf(from, from);
  expect(labelOf(loop, [from], 20)).toEqual(loop.middle);
});
