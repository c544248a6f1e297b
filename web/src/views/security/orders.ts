// SPDX-License-Identifier: Apache-2.0
// What is asked of /api/blocks.
import type { Params } from '../../api/http';
import type { Block, Mode } from './types';

export interface BlockDraft {
  what: string;
  for: string;
  reason: string;
  who: string;
  mode: Mode;
  /** A limit in place of a block. */
  limit?: {
    kind: 'source' | 'target' | 'syn';
    rate: number;
    unit: 'packets' | 'bytes';
    port?: number;
  };
}

export function blockBody(draft: BlockDraft): Record<string, unknown> {
  const { what, reason, who, mode, limit } = draft;
  return {
    what: what.trim(),
    for: draft.for,
    reason: reason.trim(),
    ...(who.trim() ? { who: who.trim() } : {}),
    mode,
    ...(limit
      ? {
          limit: {
            kind: limit.kind,
            rate: limit.rate,
            ...(limit.kind === 'syn' ? { port: limit.port } : { unit: limit.unit }),
          },
        }
      : {}),
  };
}

/** Parameters of the DELETE that ends a block, or a limit. */
export function unblockParams(block: Block, who: string): Params {
  const params: Params = { what: block.what, who: who.trim() };
  if (block.rate === undefined) return params;
  return { ...params, kind: block.kind, port: block.port };
}

const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Does the token go over the wire where others may read it? */
export function tokenIsInTheClear(url: { protocol: string; hostname: string }): boolean {
  return url.protocol !== 'https:' && !LOCAL.test(url.hostname);
}

/** Text of a command line's word. */
export function shellWord(word: string): string {
  return /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export interface AdviceQuestion {
  namespace: string;
  workload: string;
  since: string;
  any_outside: boolean;
  include_unanswered: boolean;
}

export function adviceCommand(question: AdviceQuestion): string {
  const words = ['netprobe advise network-policy', '--namespace', shellWord(question.namespace)];
  if (question.workload) words.push('--workload', shellWord(question.workload));
  words.push('--since', shellWord(question.since));
  if (question.any_outside) words.push('--any-outside');
  if (question.include_unanswered) words.push('--include-unanswered');
  return words.join(' ');
}
