// SPDX-License-Identifier: Apache-2.0
import { condition } from '../../api/query';
import type { ViewParams } from '../../state/location.svelte';
import { linkTo } from '../../state/location.svelte';
import type { Wanted } from './path_data.svelte';
import type { Tuple } from './path_types';

/** `[fd00::1]:80`; ICMP's number is no port. */
export function endpoint(tuple: Tuple, side: 'src' | 'dst', name?: string): string {
  const who = name || tuple[`${side}_ip`];
  if (/^icmp/.test(tuple.protocol)) return who;
  return `${!name && who.includes(':') ? `[${who}]` : who}:${tuple[`${side}_port`]}`;
}

export function pathTo(tuple: Tuple, id?: number, node?: string): string {
  return linkTo('path', {
    protocol: tuple.protocol,
    src_ip: tuple.src_ip,
    src_port: String(tuple.src_port),
    dst_ip: tuple.dst_ip,
    dst_port: String(tuple.dst_port),
    ...(id !== undefined ? { flow: String(id) } : {}),
    ...(node ? { node } : {}),
  });
}

/** undefined: no flow is chosen. A flow is told by its 5-tuple, or by its id at a node. */
export function wantedOf(params: ViewParams): Wanted | undefined {
  const { protocol, src_ip, dst_ip, flow, node } = params;
  const port = (text: string | undefined) => {
    const value = Number(text ?? 0);
    return Number.isInteger(value) && value >= 0 && value < 65_536 ? value : 0;
  };
  const tuple =
    protocol && src_ip && dst_ip
      ? {
          protocol,
          src_ip,
          dst_ip,
          src_port: port(params.src_port),
          dst_port: port(params.dst_port),
        }
      : undefined;
  return tuple || flow ? { tuple, id: flow, node } : undefined;
}

/** What passes an observation point: names of interfaces are one node's. */
export function pointQuery({ name, node }: { name: string; node: string }): string {
  const at = condition('interface', name);
  return node ? `${at} ${condition('observer', node)}` : at;
}

const bare = (text: string) => (/^[\w.:-]+$/.test(text) ? text : `"${text.replaceAll('"', '')}"`);

/** The query of its records, of either way. */
export function flowQuery(tuple: Tuple): string {
  const ports = /^icmp/.test(tuple.protocol)
    ? ''
    : ` port=${tuple.src_port} port=${tuple.dst_port}`;
  return `protocol=${bare(tuple.protocol)} ip=${bare(tuple.src_ip)} ip=${bare(tuple.dst_ip)}${ports}`;
}
