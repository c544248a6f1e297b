/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the parsers find out about one IP layer of a packet. */
#ifndef NETPROBE_BPF_LIB_PACKET_H
#define NETPROBE_BPF_LIB_PACKET_H

#include "../abi/flow_abi.h"
#include "compiler.h"

/* IP layers of one packet that are told apart: the packet itself, and what is
 * inside one and two tunnels. */
#define NP_LAYERS 3

struct np_layer {
  struct np_flow_key key;
  __u32 ip_len; /* bytes of the IP packet, header included */
  __u32 l3_off; /* of its IP header in the frame */
  __u32 tcp_seq;
  __u32 payload; /* bytes of TCP payload */
  __u32 mpls_label;
  __u16 vlan;
  __u16 inner_vlan;
  __u16 window; /* as on the wire, not scaled */
  __u16 icmp;   /* type << 8 | code */
  __u8 tcp_flags;
  __u8 has_tcp; /* the whole fixed TCP header was there */
  __u8 tunnel;
  __u8 fragment;
  __u8 carries;
  __u8 ttl;
  __u8 dscp;
  __u8 reserved[5];
  __u8 outer_src_ip[16]; /* valid where tunnel is set */
  __u8 outer_dst_ip[16];
};

static __always_inline __u32 np_depth(const struct np_flow_key *key) {
  return (key->where & NP_WHERE_DEPTH_MASK) >> NP_WHERE_DEPTH_SHIFT;
}

#endif
