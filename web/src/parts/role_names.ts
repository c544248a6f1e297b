// SPDX-License-Identifier: Apache-2.0
import { translator } from '../i18n/i18n.svelte';

const names = {
  pod: { en: 'Pod', zh: 'Pod' },
  loopback: { en: 'loopback', zh: '环回' },
  bridge: { en: 'bridge', zh: '网桥' },
  tunnel: { en: 'tunnel', zh: '隧道' },
  host: { en: 'host', zh: '主机' },
  uplink: { en: 'uplink', zh: '上行链路' },
};
const t = translator(names);

/** A role of an interface; one that is not known as it comes. */
export function roleName(role: string): string {
  return Object.hasOwn(names, role) ? t(role as keyof typeof names) : role;
}
