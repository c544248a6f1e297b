// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import {
  conditionsOf,
  hasStep,
  joined,
  partsOf,
  streamed,
  sumsUp,
  withCondition,
  withKind,
  withoutCondition,
} from './query_text';
import { tokensOf } from './tokens';

it('knows the parts of a query', () => {
  expect(partsOf('dropped dst.ip=10.0.0.0/8 | sum bytes by drop.reason')).toEqual({
    kind: 'drops',
    filter: 'dst.ip=10.0.0.0/8',
    stages: ['sum bytes by drop.reason'],
  });
  expect(partsOf('top 10 src.ip by bytes | last 1h')).toEqual({
    kind: undefined,
    filter: '',
    stages: ['top 10 src.ip by bytes', 'last 1h'],
  });
  expect(partsOf('| last 1h').stages).toEqual(['last 1h']);
  // A pipe in quotes and `||` part nothing.
  expect(partsOf('src.pod="a|b" || port=1 | count')).toEqual({
    kind: undefined,
    filter: 'src.pod="a|b" || port=1',
    stages: ['count'],
  });
  for (const query of ['', 'flows', 'port=53', 'alerts port=53 | count | limit 5', 'a="x'])
    expect(joined(partsOf(query))).toBe(query);
});

it('parts conditions that all must hold', () => {
  expect(conditionsOf('src.ip=1.2.3.4 not port=53 bytes > 1M nat !connections=1')).toEqual([
    'src.ip=1.2.3.4',
    'not port=53',
    'bytes > 1M',
    'nat',
    '!connections=1',
  ]);
  expect(conditionsOf('port in (80, 443) and ip not in (::1) (a=1 or b=2) not (c=3 d=4)')).toEqual([
    'port in (80, 443)',
    'ip not in (::1)',
    '(a=1 or b=2)',
    'not (c=3 d=4)',
  ]);
  expect(conditionsOf('port=1 or port=2')).toEqual(['port=1 or port=2']);
  expect(conditionsOf('src.pod="a or b" port=2')).toEqual(['src.pod="a or b"', 'port=2']);
});

it('adds and takes conditions away', () => {
  expect(withCondition('', 'port=53')).toBe('port=53');
  expect(withCondition('| last 1h', 'port=53')).toBe('port=53 | last 1h');
  expect(withCondition('a=1 or b=2 | count', 'port=53')).toBe('(a=1 or b=2) port=53 | count');
  expect(withCondition('(a=1) or (b=2)', 'c=3')).toBe('((a=1) or (b=2)) c=3');
  expect(withCondition('(a=1) || b=2 | count', 'c=3')).toBe('((a=1) || b=2) c=3 | count');
  expect(withCondition('(a=1 or b=2)', 'c=3')).toBe('(a=1 or b=2) c=3');
  expect(withCondition('((a=1) or (b=2)) d=4', 'c=3')).toBe('((a=1) or (b=2)) d=4 c=3');
  expect(withCondition('a="x or y"', 'c=3')).toBe('a="x or y" c=3');
  expect(withCondition('PORT=53', 'port=53')).toBe('PORT=53');
  expect(withoutCondition('a=1 port=53 not b=2 | count', 'port=53')).toBe('a=1 not b=2 | count');
  expect(withKind('drops a=1', 'flows')).toBe('a=1');
  expect(withKind('a=1 | count', 'drops')).toBe('drops a=1 | count');
});

it('knows sums, steps, and what a stream takes', () => {
  expect(sumsUp('port=1 | last 1h | limit 5 | fields time')).toBe(false);
  expect(sumsUp('sum bytes by src.ip every 5s')).toBe(true);
  expect(hasStep('sum bytes by src.ip every 5s')).toBe(true);
  expect(hasStep('src.pod="every 5s" | count')).toBe(false);
  expect(streamed('port=1 | last 1h | fields time | limit 4')).toBe('port=1');
  expect(streamed('port=1 | sum bytes every 1s | last 1h')).toBe('port=1 | sum bytes every 1s');
});

it('tells fields from words and values', () => {
  const kinds = (text: string) => tokensOf(text).map(({ kind, text }) => `${kind}:${text}`);
  expect(kinds('port in (53, x) | sum bytes by src.ip every 5s')).toEqual([
    'field:port',
    'word:in',
    'bracket:(',
    'value:53',
    'bracket:,',
    'value:x',
    'bracket:)',
    'pipe:|',
    'word:sum',
    'field:bytes',
    'word:by',
    'field:src.ip',
    'word:every',
    'value:5s',
  ]);
});

it('takes any text', () => {
  for (const text of ['"', "'\\", '((((', '| | |', '&', '<script>', ')', 'in', 'not', '=', 'a ='])
    expect(typeof joined(partsOf(withCondition(text, 'port=1')))).toBe('string');
});
