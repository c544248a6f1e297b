// SPDX-License-Identifier: Apache-2.0
// What an answer lacks, as short facts that a panel shows.
import type { Lost, Sources, Whole } from './types';

export type Lack =
  | { is: 'missing_nodes'; missing: number; of: number; names: string[] }
  | { is: 'lost'; count: number; stages: string[] }
  | { is: 'truncated' }
  | { is: 'partial' }
  | { is: 'warning'; text: string };

/** "stage.cause" or "stage/cause"; the server puts "history." before what it had from agents. */
function stageOf(key: string): string {
  const slash = key.indexOf('/');
  if (slash >= 0) return key.slice(key.indexOf('.') + 1, slash);
  const dot = key.indexOf('.');
  return dot < 0 ? key : key.slice(0, dot);
}

/** Sums losses by stage; those that are no data of the user's (a slow client's) count too. */
export function lossesOf(lost: Lost = {}): [string, number][] {
  const stages = new Map<string, number>();
  for (const [key, value] of Object.entries(lost)) {
    const flat = typeof value === 'number';
    const count = flat ? value : Object.values(value).reduce((sum, one) => sum + one, 0);
    const stage = flat ? stageOf(key) : key;
    if (count > 0) stages.set(stage, (stages.get(stage) ?? 0) + count);
  }
  return [...stages];
}

/** Of a list of netprobe-server, `completeness` says whose part is in it. */
function sourcesOf(answer: Whole): Sources | undefined {
  if (answer.sources) return answer.sources;
  const own = answer.completeness as Partial<Sources> | undefined;
  return own?.agents === undefined ? undefined : (own as Sources);
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
