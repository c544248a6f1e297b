// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, it } from 'vitest';
import { current } from '../../i18n/i18n.svelte';
import { verdictText } from './verdicts';

afterEach(() => {
  current.language = 'en';
});

it('says verdicts in the language that is chosen', () => {
  expect(verdictText('reset_by_client')).toBe('reset by the client');
  current.language = 'zh';
  expect(verdictText('reset_by_client')).toBe('被客户端重置');
  expect([verdictText('new_one'), verdictText('constructor')]).toEqual(['new_one', 'constructor']);
});
