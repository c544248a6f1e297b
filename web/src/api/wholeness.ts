// SPDX-License-Identifier: Apache-2.0
// What an answer lacks, as short facts that a panel shows.
import type { Lost, Whole } from './types';

export type Lack =
  | { is: 'missing_nodes'; missing: number; of: number; names: string[] }
  | { is: 'lost'; count: number; stages: string[] }
  | { is: 'truncated' }
  | { is: 'partial' }
  | { is: 'warning'; text: string };

/** Sums losses by stage; those that are no data of the user's (a slow client's) count too. */
export function lossesOf(lost: Lost = {}): [string, number][] {
  const sums = new Map<string, number>();
  for (const [name, value] of Object.entries(lost)) {
    // By stage and cause, or flat: `stage.cause`, of several nodes `stage/cause`.
    const stage = typeof value === 'number' ? (name.split(/[./]/)[0] ?? name) : name;
    const count =
      typeof value === 'number' ? value : Object.values(value).reduce((sum, one) => sum + one, 0);
    sums.set(stage, (sums.get(stage) ?? 0) + count);
  }
  return [...sums].filter(([, count]) => count > 0);
}

export function lacksOf(answer: Whole | undefined): Lack[] {
  if (!answer) return [];
  const lacks: Lack[] = [];
  const sources = answer.sources;
  if (sources && sources.answered < sources.agents)
    lacks.push({
      is: 'missing_nodes',
      missing: sources.agents - sources.answered,
      of: sources.agents,
      names: sources.missing.map((one) => one.node || one.address),
    });
  else if (answer.partial) lacks.push({ is: 'partial' });
  const lost = lossesOf(answer.completeness?.lost ?? sources?.lost);
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
