// SPDX-License-Identifier: Apache-2.0
// What an answer lacks, as short facts that a panel shows.
import type { Lost, Sources, Whole } from './types';

export type Lack =
  | { is: 'missing_nodes'; missing: number; of: number; names: string[] }
  | { is: 'lost'; count: number; stages: string[] }
  | { is: 'truncated' }
  | { is: 'partial' }
  | { is: 'warning'; text: string };

export interface Loss {
  stage: string;
  cause: string;
  count: number;
}

/** `history.queue_full`, `detect/queue_full`, `history.detect/queue_full`: the last two names. */
function nameOfLoss(name: string): [string, string] {
  const parts = name.split(/[./]/);
  return [parts.at(-2) ?? name, parts.length > 1 ? (parts.at(-1) ?? '') : ''];
}

export function everyLoss(lost: Lost = {}): Loss[] {
  return Object.entries(lost).flatMap(([name, value]): Loss[] => {
    if (typeof value === 'number') {
      const [stage, cause] = nameOfLoss(name);
      return [{ stage, cause, count: value }];
    }
    return Object.entries(value).map(([cause, count]) => ({ stage: name, cause, count }));
  });
}

/** Sums losses by stage; those that are no data of the user's (a slow client's) count too. */
export function lossesOf(lost: Lost = {}): [string, number][] {
  const stages = new Map<string, number>();
  for (const { stage, count } of everyLoss(lost))
    if (count > 0) stages.set(stage, (stages.get(stage) ?? 0) + count);
  return [...stages];
}

/** Whose part is in an answer of netprobe-server: queries and lists say it at two places. */
function sourcesOf(answer: Whole): Pick<Sources, 'agents' | 'answered' | 'missing'> | undefined {
  if (answer.sources) return answer.sources;
  const { agents, answered, missing } = answer.completeness ?? {};
  if (agents === undefined || answered === undefined) return undefined;
  return { agents, answered, missing: missing ?? [] };
}

export function lacksOf(answer: Whole | undefined): Lack[] {
  if (!answer) return [];
  const lacks: Lack[] = [];
  const sources = sourcesOf(answer);
  if (sources && sources.answered < sources.agents)
    lacks.push({
      is: 'missing_nodes',
      missing: sources.agents - sources.answered,
      of: sources.agents,
      names: (sources.missing ?? []).map((one) => one.node || one.address),
    });
  else if (answer.partial) lacks.push({ is: 'partial' });
  const lost = lossesOf(answer.completeness?.lost ?? answer.sources?.lost);
  if (lost.length > 0)
    lacks.push({
      is: 'lost',
      count: lost.reduce((sum, [, count]) => sum + count, 0),
      stages: lost.map(([stage]) => stage),
    });
  if (answer.truncated) lacks.push({ is: 'truncated' });
  // That nodes are missing is said above.
  for (const warning of answer.warnings ?? [])
    if (!sources || !/ nodes? did not answer/.test(warning))
      lacks.push({ is: 'warning', text: warning });
  return lacks;
}
