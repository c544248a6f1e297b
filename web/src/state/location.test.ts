// SPDX-License-Identifier: Apache-2.0
import { expect, it, vi } from 'vitest';

vi.stubGlobal('window', { location: { hash: '' }, addEventListener: () => {} });
const { linkTo, parseHash } = await import('./location.svelte');

it('reads back what it writes', () => {
  const params = { q: 'src.pod="a&b" | top 10 dst.ip by bytes', since: '15m' };
  expect(parseHash(linkTo('flows', params))).toEqual({ view: 'flows', params });
  expect(linkTo('map', { since: '', q: undefined })).toBe('#/map');
});

it('takes anything', () => {
  for (const hash of ['', '#', '#/', '#/nothing?x', '#/<script>'])
    expect(parseHash(hash).view).toBe('overview');
  expect(parseHash('#/map?since=%E0%A4%A').view).toBe('map');
});
