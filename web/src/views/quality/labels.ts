// SPDX-License-Identifier: Apache-2.0
import { count, duration } from '../../format/numbers';
import type { HeatClass } from './heat';
import { isDuration, type Metric } from './queries';
import { t } from './texts';

export function className({ low, high }: HeatClass, metric: Metric): string {
  const text = isDuration(metric) ? tidy : count;
  return high === undefined
    ? t('above', { low: text(low ?? 0) })
    : t('up_to', { high: text(high) });
}

/** Bounds are round: "2.5 ms", not "2.50 ms". */
function tidy(ms: number): string {
  return duration(ms)
    .replace(/(\.\d*?)0+ /, '$1 ')
    .replace('. ', ' ');
}
