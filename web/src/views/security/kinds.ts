// SPDX-License-Identifier: Apache-2.0
// Kinds of alerts, as docs/detectors.md has them.
import { current } from '../../i18n/i18n.svelte';

const kinds: Record<string, { en: string; zh: string }> = {
  anomaly: { en: 'odd flows', zh: '异常流' },
  beacon: { en: 'beaconing', zh: '信标通信' },
  block_scan: { en: 'block scan', zh: '网段端口扫描' },
  brute_force: { en: 'password guessing', zh: '暴力破解' },
  connection_flood: { en: 'connection flood', zh: '连接洪泛' },
  connection_hoarding: { en: 'connection hoarding', zh: '连接占用' },
  distributed_brute_force: { en: 'password guessing by many', zh: '分布式暴力破解' },
  distributed_scan: { en: 'scan by many', zh: '分布式扫描' },
  dns_tunnel: { en: 'DNS tunnel', zh: 'DNS 隧道' },
  exfiltration: { en: 'exfiltration', zh: '数据外传' },
  fast_flux: { en: 'fast flux', zh: 'Fast-flux 域名' },
  fragment_flood: { en: 'fragment flood', zh: '分片洪泛' },
  icmp_flood: { en: 'ICMP flood', zh: 'ICMP 洪泛' },
  lateral_movement: { en: 'lateral movement', zh: '横向移动' },
  martian: { en: 'impossible source', zh: '非法源地址' },
  neighbour_spoof: { en: 'neighbour spoofing', zh: 'ARP/ND 欺骗' },
  network_scan: { en: 'network scan', zh: '网络扫描' },
  password_spray: { en: 'password spraying', zh: '密码喷洒' },
  ping_sweep: { en: 'ping sweep', zh: 'Ping 扫描' },
  port_scan: { en: 'port scan', zh: '端口扫描' },
  protocol_flood: { en: 'protocol flood', zh: '协议洪泛' },
  reflection_flood: { en: 'reflection flood', zh: '反射洪泛' },
  slow_read: { en: 'slow reading', zh: '慢速读取' },
  slow_request: { en: 'slow requests', zh: '慢速请求' },
  slow_scan: { en: 'slow scan', zh: '慢速扫描' },
  spoofed_source: { en: 'forged source', zh: '伪造源地址' },
  syn_flood: { en: 'SYN flood', zh: 'SYN 洪泛' },
  tcp_flood: { en: 'TCP flood', zh: 'TCP 洪泛' },
  threat_intel: { en: 'listed address or name', zh: '命中威胁情报' },
  udp_flood: { en: 'UDP flood', zh: 'UDP 洪泛' },
};

export const knownKinds: readonly string[] = Object.keys(kinds);

export function kindName(kind: string): string {
  return kinds[kind]?.[current.language] ?? kind.replaceAll('_', ' ');
}
