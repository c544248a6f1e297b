// SPDX-License-Identifier: Apache-2.0
// The picture of a heat map. Lightness alone carries the number: no hues to tell apart.
import { isKnown, strength, type Heat } from './heat';

export interface HeatColors {
  ink: string;
  line: string;
  hatch: string;
  text: string;
}

export function drawHeat(
  canvas: HTMLCanvasElement,
  heat: Heat,
  [width, height]: readonly [number, number],
  colors: HeatColors,
  cursor: readonly [number, number] | undefined,
): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const paint = canvas.getContext('2d');
  if (!paint) return;
  paint.scale(ratio, ratio);
  const columns = heat.times.length;
  const rows = heat.classes.length;
  const [cellWidth, cellHeight] = [width / columns, height / rows];
  const gap = cellWidth > 6 ? 1 : 0;

  paint.strokeStyle = colors.line;
  paint.lineWidth = 1;
  for (let row = 0; row <= rows; row += 1) {
    const y = Math.min(height - 0.5, Math.round(row * cellHeight) + 0.5);
    paint.beginPath();
    paint.moveTo(0, y);
    paint.lineTo(width, y);
    paint.stroke();
  }
  for (let column = 0; column < columns; column += 1) {
    const left = column * cellWidth;
    if (!isKnown(heat, column)) {
      hatch(paint, left, cellWidth, height, colors.hatch);
      continue;
    }
    for (let row = 0; row < rows; row += 1) {
      const power = strength(heat.counts[row]?.[column] ?? 0, heat.most);
      if (power === 0) continue;
      paint.globalAlpha = power;
      paint.fillStyle = colors.ink;
      paint.fillRect(left, row * cellHeight + 1, cellWidth - gap, cellHeight - 1);
    }
    paint.globalAlpha = 1;
  }
  if (cursor) {
    const [row, column] = cursor;
    paint.strokeStyle = colors.text;
    paint.lineWidth = 2;
    paint.strokeRect(
      column * cellWidth + 1,
      row * cellHeight + 1,
      Math.max(4, cellWidth - 2),
      cellHeight - 2,
    );
  }
}

function hatch(
  paint: CanvasRenderingContext2D,
  left: number,
  width: number,
  height: number,
  color: string,
): void {
  paint.save();
  paint.beginPath();
  paint.rect(left, 0, width, height);
  paint.clip();
  paint.strokeStyle = color;
  paint.globalAlpha = 0.45;
  paint.beginPath();
  // Lines of neighbouring columns meet: they are at fixed places of the whole.
  const from = Math.floor((left - height) / 8) * 8;
  for (let x = from; x < left + width; x += 8) {
    paint.moveTo(x, height);
    paint.lineTo(x + height, 0);
  }
  paint.stroke();
  paint.restore();
}
