// SPDX-License-Identifier: Apache-2.0
// How a chart over time looks: colours of the page, dashes beside them, gaps hatched.
import type uPlot from 'uplot';
import { clockTime } from '../format/time';
import { gapsOf, type Timeline } from './timeline';

export interface ChartSeries {
  label: string;
  /** 1 to 6, as in page.css. */
  color: number;
}

/** By colour: told apart also without it. */
export const dashes: readonly number[][] = [[], [7, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 2]];

export interface ChartHooks {
  timeline: () => Timeline;
  format: (value: number) => string;
  /** A variable of page.css. */
  color: (name: string) => string;
  onCursor: (seconds: number | undefined) => void;
}

function hatch(chart: uPlot, hooks: ChartHooks): void {
  const { ctx, bbox } = chart;
  const gaps = gapsOf(hooks.timeline());
  if (gaps.length === 0) return;
  const ratio = window.devicePixelRatio || 1;
  ctx.save();
  ctx.strokeStyle = hooks.color('--line-strong');
  ctx.globalAlpha = 0.45;
  ctx.lineWidth = ratio;
  for (const [from, until] of gaps) {
    const left = Math.max(bbox.left, chart.valToPos(from, 'x', true));
    const right = Math.min(bbox.left + bbox.width, chart.valToPos(until, 'x', true));
    if (right - left < 1) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, bbox.top, right - left, bbox.height);
    ctx.clip();
    ctx.beginPath();
    for (let x = left - bbox.height; x < right; x += 8 * ratio) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  }
  ctx.restore();
}

export function chartOptions(
  library: typeof uPlot,
  series: readonly ChartSeries[],
  size: { width: number; height: number },
  hooks: ChartHooks,
): uPlot.Options {
  const stepped = library.paths.stepped?.({ align: 1 });
  const grid = { stroke: () => hooks.color('--line'), width: 1 };
  const font = '12px system-ui, sans-serif';
  return {
    ...size,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: true, range: () => [...hooks.timeline().range] },
      y: { range: (_chart, _low, high) => [0, high > 0 ? high * 1.08 : 1] },
    },
    axes: [
      {
        stroke: () => hooks.color('--text-weak'),
        font,
        grid: { show: false },
        ticks: { ...grid, size: 4 },
        space: 80,
        size: 26,
        values: (_chart, ticks) => ticks.map((at) => clockTime(at * 1000).replace(/:00$/, '')),
      },
      {
        stroke: () => hooks.color('--text-weak'),
        font,
        grid,
        ticks: { show: false },
        space: 34,
        size: 88,
        values: (_chart, ticks) => ticks.map((value) => hooks.format(value)),
      },
    ],
    series: [
      {},
      ...series.map(({ label, color }) => ({
        label,
        stroke: () => hooks.color(`--series-${color}`),
        dash: dashes[color - 1] ?? [],
        width: 1.75,
        points: { show: false },
        ...(stepped ? { paths: stepped } : {}),
      })),
    ],
    hooks: {
      drawAxes: [(chart) => hatch(chart, hooks)],
      setCursor: [
        (chart) => {
          const left = chart.cursor.left ?? -1;
          hooks.onCursor(left < 0 ? undefined : chart.posToVal(left, 'x'));
        },
      ],
    },
  };
}
