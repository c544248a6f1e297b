// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { EventParser } from './event_parser';

const text =
  ': hello\n\nevent: window\ndata: {"a":1}\n\ndata: one\r\ndata: two\r\n\r\nid: 7\nevent: x\n\n';
const expected = [
  { name: 'window', data: '{"a":1}' },
  { name: 'message', data: 'one\ntwo' },
];

describe('EventParser', () => {
  it('reads events however they are cut', () => {
    for (let size = 1; size <= text.length; size += 1) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < text.length; at += size)
        events.push(...parser.add(text.slice(at, at + size)));
      expect(events, `in pieces of ${size}`).toEqual(expected);
    }
  });

  it('keeps no event that is larger than it may be', () => {
    const parser = new EventParser(100);
    parser.add('data: ' + 'x'.repeat(60));
    expect(() => parser.add('x'.repeat(60))).toThrow(RangeError);
  });
});
