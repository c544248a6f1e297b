// SPDX-License-Identifier: Apache-2.0
// What edges are drawn by.
import { bitRate, count, duration, percent, rate } from '../../format/numbers';
import { retransmitShare } from './health';
import type { NodeKind } from './levels';
import type { MapNode } from './levels';
import type { Numbers } from './totals';
import { t } from './texts';

export const metrics = ['rate', 'packets', 'rtt', 'retransmits', 'resets', 'drops'] as const;
export type Metric = (typeof metrics)[number];

/** For widths and orders; 0 where it has none. */
export function metricValue(numbers: Numbers, metric: Metric): number {
  switch (metric) {
    case 'rate':
      return numbers.bytes;
    case 'packets':
      return numbers.packets;
    case 'rtt':
      return numbers.rtt ?? 0;
    case 'retransmits':
      return retransmitShare(numbers);
    case 'resets':
      return numbers.resets;
    case 'drops':
      return numbers.drops;
  }
}

export function metricText(numbers: Numbers, metric: Metric, seconds: number): string {
  switch (metric) {
    case 'rate':
      return bitRate(numbers.bytes / seconds);
    case 'packets':
      return rate(numbers.packets / seconds);
    case 'rtt':
      return numbers.rtt === undefined ? '–' : duration(numbers.rtt);
    case 'retransmits':
      return percent(retransmitShare(numbers));
    case 'resets':
      return count(numbers.resets);
    case 'drops':
      return count(numbers.drops);
  }
}

/** 1 to 7 px, by the largest that is drawn: the area that it takes tells how much it is. */
export function widthOf(value: number, most: number): number {
  return value <= 0 || most <= 0 ? 1 : 1 + 6 * Math.sqrt(value / most);
}

export const glyphs: Record<NodeKind, string> = {
  namespace: '▣',
  workload: '◆',
  pod: '●',
  service: '◎',
  node: '▤',
  outside: '☁',
  unknown: '?',
  address: '◇',
  process: '▶',
};

export function nameOf(node: MapNode): string {
  if (node.name) return node.name;
  return t(node.kind === 'node' ? 'nodes_group' : node.kind);
}

/** As much as has room; the whole name is in the title. */
export function shortened(text: string, most: number): string {
  const letters = [...text.replace(/\s+/g, ' ')];
  if (letters.length <= most) return letters.join('');
  const head = Math.ceil((most - 1) * 0.6);
  return `${letters.slice(0, head).join('')}…${letters.slice(letters.length - (most - 1 - head)).join('')}`;
}
