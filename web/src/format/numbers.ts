// SPDX-License-Identifier: Apache-2.0
// Numbers for people: three digits and a unit. Exact values go into titles and exports.

function scaled(value: number, base: number, units: readonly string[]): string {
  let unit = 0;
  let rest = Math.abs(value);
  while (rest >= base && unit < units.length - 1) {
    rest /= base;
    unit += 1;
  }
  // 999.95 would be shown as 1000 of the smaller unit.
  if (unit < units.length - 1 && Number(rest.toPrecision(3)) >= base) {
    rest /= base;
    unit += 1;
  }
  const digits = unit === 0 && Number.isInteger(rest) ? 0 : rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
  return `${value < 0 ? '−' : ''}${rest.toFixed(digits)}${units[unit] ? ` ${units[unit]}` : ''}`;
}

/** 1234567 → "1.23 M". */
export function count(value: number): string {
  return scaled(value, 1000, ['', 'k', 'M', 'G', 'T', 'P']);
}

/** Bytes in 1024s, as the command line has them. */
export function bytes(value: number): string {
  return scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']);
}

/** Bits a second, in 1000s, as links have them. */
export function bitRate(bytesPerSecond: number): string {
  return scaled(bytesPerSecond * 8, 1000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']);
}

export function rate(perSecond: number): string {
  return `${count(perSecond)}/s`;
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value !== 0 && Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** What is there and yet too little to show is not shown as nothing. */
export function smallPercent(share: number): string {
  return share > 0 && share < 0.0005 ? '< 0.1 %' : percent(share);
}

/** Milliseconds: "0.16 ms", "2.50 s", "3 h 5 min". */
export function duration(ms: number): string {
  if (ms < 0.001) return '0 ms';
  if (ms < 1) return `${(ms * 1000).toFixed(0)} µs`;
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
