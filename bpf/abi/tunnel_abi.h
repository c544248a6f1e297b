/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Tunnels by network id and outer endpoints: the map vxlan_stats and the ring
 * buffer vxlan_events. Units and byte order as in flow_abi.h. All kinds of
 * enum np_tunnel are in them, whatever the names say.
 */
#ifndef NETPROBE_BPF_ABI_TUNNEL_H
#define NETPROBE_BPF_ABI_TUNNEL_H

#include "flow_abi.h"

struct np_tunnel_key {
  __u8 outer_src_ip[16];
  __u8 outer_dst_ip[16];
  __u32 vni;     /* GRE: its key; IPIP and GRE without one: 0 */
  __u32 ifindex; /* where the outer packet was seen */
  __u8 kind;     /* enum np_tunnel */
  __u8 direction;
  __u8 reserved[6];
};
NP_ABI_ASSERT(sizeof(struct np_tunnel_key) == 48, "tunnel key is 48 bytes");

/* One a CPU. */
struct np_tunnel_stats {
  __u64 packets;
  __u64 bytes;      /* of the outer IP packets */
  __u64 last_seen;  /* CLOCK_MONOTONIC to a jiffy; the capture's time in replay */
  __u64 first_seen; /* 0 on CPUs that did not see its first packet */
  __u64 fragments;  /* of the packets: those whose outer packet was a first fragment */
};

/* A tunnel that was not known: its first packet. */
struct np_tunnel_event {
  __u64 timestamp;
  __u8 outer_src_ip[16];
  __u8 outer_dst_ip[16];
  __u8 inner_src_ip[16]; /* zero where no IP was inside */
  __u8 inner_dst_ip[16];
  __u32 vni;
  __u32 packet_len; /* of the outer IP packet */
  __u32 ifindex;
  __u8 kind; /* enum np_tunnel */
  __u8 direction;
  __u8 inner_proto;
  __u8 reserved;
};
NP_ABI_ASSERT(sizeof(struct np_tunnel_event) == 88, "tunnel event is 88 bytes");

#endif
