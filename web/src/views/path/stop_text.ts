// SPDX-License-Identifier: Apache-2.0
import { bytes } from '../../format/numbers';
import type { Gap } from './path_model';
import type { Counted, Stop } from './path_points';
import { t } from './texts';

const ROLES = ['pod', 'bridge', 'tunnel', 'uplink', 'host', 'loopback'] as const;

export function roleText(stop: Stop): string {
  if (stop.kind === 'src') return t('who_began');
  if (stop.kind === 'dst') return t('who_answers');
  if (stop.kind === 'node') return t('node');
  const role = ROLES.find((one) => one === stop.role);
  return role ? t(role) : (stop.role ?? '');
}

/** `shop/web:80`, `[fd00::1]:80`. */
export function nameText({ name, port }: Stop): string {
  return port ? `${/:.*:/.test(name) ? `[${name}]` : name}:${port}` : name;
}

/** Bytes; of what is only told by its losses they are not known. */
export function sizeText(one: Counted | undefined, partial: boolean): string {
  if (!one) return partial ? '–' : bytes(0);
  return Number.isNaN(one.bytes) ? '–' : bytes(one.bytes);
}

/** All of a stop in a line. */
export function stopText(stop: Stop): string {
  const counted = (way: 'forward' | 'reverse') => {
    const one = stop[way];
    return one
      ? [`${t(way)}: ${t('packets', { count: one.packets })}, ${sizeText(one, true)}`]
      : [];
  };
  return [
    `${roleText(stop)} ${nameText(stop)}`,
    stop.node || t('elsewhere'),
    ...(stop.process ? [`${t('process')} ${stop.process}`] : []),
    ...(stop.tunnel ? [t('in_tunnel', { tunnel: stop.tunnel, vni: stop.vni ?? '' })] : []),
    ...(stop.translated ? [t('translated')] : []),
    ...counted('forward'),
    ...counted('reverse'),
  ].join('; ');
}

/** What was lost of one way, and why: `11: PKT_TOO_BIG at ip6_forward+0x351`. */
export function lossText(gap: Gap | undefined, way: 'forward' | 'reverse'): string {
  return (gap?.[way] ?? [])
    .map((one) => {
      const why = [
        ...one.reasons.map(({ reason, location }) => t('reason_at', { reason, location })),
        ...(one.unexplained > 0 ? [t('unexplained', { count: one.unexplained })] : []),
        ...(one.nowhere ? [t('nowhere')] : []),
      ];
      return `${one.packets}: ${why.join(', ')}`;
    })
    .join('; ');
}
