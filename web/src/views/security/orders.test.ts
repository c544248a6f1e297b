// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { adviceCommand, blockBody, shellWord, tokenIsInTheClear, unblockParams } from './orders';
import type { Block } from './types';

const draft = {
  what: ' 203.0.113.7 ',
  for: '1h',
  reason: 'scan ',
  who: '',
  mode: 'dry-run',
} as const;

it('asks for a block, and for limits with what their kind takes', () => {
  expect(blockBody(draft)).toEqual({
    what: '203.0.113.7',
    for: '1h',
    reason: 'scan',
    mode: 'dry-run',
  });
  const limit = { kind: 'syn', rate: 100, unit: 'bytes', port: 80 } as const;
  expect(blockBody({ ...draft, who: 'me', limit })).toMatchObject({
    who: 'me',
    limit: { kind: 'syn', rate: 100, port: 80 },
  });
  expect(blockBody({ ...draft, limit: { ...limit, kind: 'source' } }).limit).toEqual({
    kind: 'source',
    rate: 100,
    unit: 'bytes',
  });
});

it('ends blocks by what they are of, limits also by kind and port', () => {
  const block = { what: '203.0.113.7', kind: 'address' } as Block;
  expect(unblockParams(block, 'me')).toEqual({ what: '203.0.113.7', who: 'me' });
  expect(unblockParams({ ...block, kind: 'syn', port: 80, rate: 5 }, '')).toEqual({
    what: '203.0.113.7',
    who: '',
    kind: 'syn',
    port: 80,
  });
});

it('knows where a token is not safe', () => {
  expect(tokenIsInTheClear(new URL('http://10.0.0.1:8081/'))).toBe(true);
  expect(tokenIsInTheClear(new URL('https://10.0.0.1/'))).toBe(false);
  expect(tokenIsInTheClear(new URL('http://127.0.0.1:8081/'))).toBe(false);
  expect(tokenIsInTheClear(new URL('http://[::1]:8081/'))).toBe(false);
});

it('writes commands that a shell takes as they are meant', () => {
  expect(shellWord('shop')).toBe('shop');
  expect(shellWord("it's; rm")).toBe(`'it'\\''s; rm'`);
  const question = { namespace: 'shop', workload: 'a b', since: '7d' };
  expect(adviceCommand({ ...question, any_outside: true, include_unanswered: false })).toBe(
    "netprobe advise network-policy --namespace shop --workload 'a b' --since 7d --any-outside",
  );
});
