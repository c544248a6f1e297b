// SPDX-License-Identifier: Apache-2.0
// Detectors and totals of several nodes as one.
import { severities } from './alerts';
import type { AlertsAnswer, Detector } from './types';

export interface DetectorOfAll extends Omit<Detector, 'on' | 'why' | 'node'> {
  nodes: number;
  /** At how many nodes it is on. */
  on: number;
  why: string[];
}

export function byName(detectors: readonly Detector[]): DetectorOfAll[] {
  const all = new Map<string, DetectorOfAll>();
  for (const { node: _, on, why, ...one } of detectors) {
    let sum = all.get(one.name);
    if (sum) {
      for (const name of ['records', 'findings', 'not_followed', 'bytes', 'run_seconds'] as const)
        sum[name] += one[name];
    } else {
      sum = { ...one, nodes: 0, on: 0, why: [] };
      all.set(one.name, sum);
    }
    sum.nodes += 1;
    if (on) sum.on += 1;
    if (why && !sum.why.includes(why)) sum.why.push(why);
  }
  return [...all.values()];
}

export function totalsOf(totals: AlertsAnswer['totals']): AlertsAnswer['totals'] {
  const sums = new Map<string, AlertsAnswer['totals'][number]>();
  for (const { kind, severity, count } of totals) {
    const key = `${kind}/${severity}`;
    const before = sums.get(key);
    if (before) before.count += count;
    else sums.set(key, { kind, severity, count });
  }
  return [...sums.values()].sort(
    (a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity) || b.count - a.count,
  );
}
