// SPDX-License-Identifier: Apache-2.0
// Answers of /api/tunnels and /api/flannel. `node`: of netprobe-server.
import type { Whole } from '../../api/types';

export interface TunnelRow {
  node?: string;
  tunnel: string;
  vni: number;
  outer_src_ip: string;
  outer_dst_ip: string;
  direction: 'ingress' | 'egress';
  interface: string;
  ifindex: number;
  packets: number;
  bytes: number;
  fragments: number;
  counted_above: boolean;
  first_seen: string;
  last_seen: string;
}

export interface NewTunnel {
  node?: string;
  timestamp: string;
  tunnel: string;
  vni: number;
  direction: string;
  interface: string;
  outer_src_ip: string;
  outer_dst_ip: string;
  inner_src_ip?: string;
  inner_dst_ip?: string;
  packet_len: number;
}

export interface MtuTrouble {
  node?: string;
  kind: string;
  what: string;
  flow?: {
    src_ip: string;
    dst_ip: string;
    dst_port?: number;
    protocol: string;
    first_seen: string;
  };
}

interface Counts {
  active: number;
  new_tunnels: number;
  folded: number;
  last_updated: string;
}

export interface TunnelsAnswer extends Whole, Partial<Counts> {
  node_name?: string;
  tunnels: TunnelRow[];
  total: number;
  next_cursor: string | null;
  newest: NewTunnel[];
  mtu: MtuTrouble[];
  nodes?: ({ node: string } & Counts)[];
}

export interface FlannelNode {
  node_name: string;
  internal_ip: string | null;
  pod_cidrs: string[];
  backend_type: string | null;
  vni: number | null;
  vtep_mac: string | null;
  public_ip: string | null;
  vni_v6: number | null;
  vtep_mac_v6: string | null;
  public_ipv6: string | null;
  public_ip_overwrite: string | null;
  public_ipv6_overwrite: string | null;
  kube_subnet_manager: boolean;
  error: string | null;
}

export interface FlannelDevice {
  interface: string;
  kind: string;
  up: boolean;
  vni: number | null;
  port: number | null;
  local_ip: string | null;
  mac: string | null;
  mtu: number;
  underlay: string | null;
  underlay_mtu: number | null;
  overhead: number | null;
  addresses: string[];
}

/** null: not expected there. */
export interface FlannelPeer {
  node_name: string;
  self: boolean;
  interface: string | null;
  route: boolean | null;
  neighbour: boolean | null;
  forwarding_entry: boolean | null;
  packets_sent: number;
  bytes_sent: number;
  packets_received: number;
  bytes_received: number;
  last_seen: string | null;
}

export interface FlannelFinding {
  kind: string;
  node_name: string | null;
  what: string;
}

export interface FlannelAnswer extends Whole {
  node_name: string;
  used: boolean;
  nodes: FlannelNode[];
  devices: FlannelDevice[];
  peers: FlannelPeer[];
  findings: FlannelFinding[];
  findings_not_shown: number;
  error: string | null;
  observed_at: string | null;
}
