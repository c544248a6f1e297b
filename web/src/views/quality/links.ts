// SPDX-License-Identifier: Apache-2.0
// Use of links, out of /api/interfaces: the worst first.

export interface LinkUse {
  speed_bits_per_second: number;
  utilisation: number;
  peak_100ms_bits_per_second: number;
  peak_1s_bits_per_second: number;
  microbursts: number;
  unmeasured_windows: number;
}

export interface Link {
  node?: string;
  name: string;
  role: string;
  attached: boolean;
  up: boolean;
  rx: { bytes_per_second: number };
  tx: { bytes_per_second: number };
  rx_use: LinkUse;
  tx_use: LinkUse;
}

/** Share of the speed that the highest 100 ms had; 0 without a speed. */
export function peakShare({ speed_bits_per_second: speed, ...use }: LinkUse): number {
  return speed > 0 ? use.peak_100ms_bits_per_second / speed : 0;
}

function badness({ rx_use: rx, tx_use: tx, ...link }: Link): number[] {
  return [
    Math.max(rx.utilisation, tx.utilisation),
    Math.max(peakShare(rx), peakShare(tx)),
    rx.microbursts + tx.microbursts,
    Math.max(rx.peak_100ms_bits_per_second, tx.peak_100ms_bits_per_second),
    link.rx.bytes_per_second + link.tx.bytes_per_second,
  ];
}

/** By use, then by peaks; where no speed is told, by what is moved. */
export function worstLinks(links: readonly Link[]): Link[] {
  return links
    .filter(({ attached }) => attached)
    .map((link) => ({ link, bad: badness(link) }))
    .sort((a, b) => {
      for (let i = 0; i < a.bad.length; i += 1) {
        const order = (b.bad[i] ?? 0) - (a.bad[i] ?? 0);
        if (order !== 0) return order;
      }
      return keyOf(a.link) < keyOf(b.link) ? -1 : 1;
    })
    .map(({ link }) => link);
}

export const keyOf = ({ node, name }: Link) => `${node ?? ''} ${name}`;

/** A line is in trouble at four fifths, and worth a look at half. */
export function tone(use: number): '' | 'warn' | 'bad' {
  return use >= 0.8 ? 'bad' : use >= 0.5 ? 'warn' : '';
}
