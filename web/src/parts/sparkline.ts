// SPDX-License-Identifier: Apache-2.0
/** A value that holds from `from` to `until`, in seconds; null: not known. */
export interface Step {
  from: number;
  until: number;
  value: number | null;
}

/** An SVG path of steps in a box of `width` × `height`: the lines, and the ground below. */
export function stepPaths(
  steps: readonly Step[],
  [first, last]: readonly [number, number],
  width: number,
  height: number,
): { line: string; ground: string; most: number } {
  const most = steps.reduce((high, step) => Math.max(high, step.value ?? 0), 0);
  const span = last - first;
  if (most <= 0 || span <= 0) return { line: '', ground: '', most };
  const x = (at: number) => round(Math.min(1, Math.max(0, (at - first) / span)) * width);
  let line = '';
  let ground = '';
  let open: number | undefined;
  let end = 0;
  const close = () => {
    if (open !== undefined) ground += `V${height}H${open}Z`;
    open = undefined;
  };
  for (const { from, until, value } of steps) {
    if (value === null || until <= first) {
      close();
      continue;
    }
    const y = round(height - 1 - (value / most) * (height - 2));
    const [left, right] = [x(from), x(until)];
    if (open === undefined || left - end > 0.5) {
      close();
      open = left;
      line += `M${left} ${y}H${right}`;
      ground += `M${left} ${y}H${right}`;
    } else {
      line += `V${y}H${right}`;
      ground += `V${y}H${right}`;
    }
    end = right;
  }
  close();
  return { line, ground, most };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
