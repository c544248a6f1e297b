/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the XDP program writes and user space reads. Units and byte order as in
 * flow_abi.h. */
#ifndef NETPROBE_BPF_ABI_XDP_H
#define NETPROBE_BPF_ABI_XDP_H

#include "flow_abi.h"

/* Interfaces that can have the program at once; a power of two. */
#define NP_XDP_DEVICES 64
#define NP_XDP_CLASSES 32

/* Counters of one interface on one CPU. Frames as they arrived, before the
 * kernel put any of them together. */
struct np_xdp_stats {
  __u32 ifindex; /* 0: slot is free */
  __u32 reserved0;
  __u64 packets;
  __u64 bytes;                 /* link-layer bytes, without FCS */
  __u64 dropped;               /* of the packets; always 0 without the block stage */
  __u64 fast[NP_FAST_CLASSES]; /* packets that the fast parser took */
  /* By enum np_packet_class, of packets that the general parser took. IPV4 and
   * IPV6 are what is outermost here. */
  __u64 classes[NP_XDP_CLASSES];
};
NP_ABI_ASSERT(sizeof(struct np_xdp_stats) == 320, "XDP stats are five cache lines");
NP_ABI_ASSERT(NP_PKT_SET_BUSY < NP_XDP_CLASSES, "every class that a parser finds has a place");

/* Configuration, fixed at load: what is off is dead code to the verifier. */
struct np_xdp_config {
  __u32 device_mask;       /* NP_XDP_DEVICES - 1 */
  __u32 tunnels;           /* look inside tunnels */
  __u32 fragmented_frames; /* frames may have more than a linear part (5.18) */
  __u32 filter_mask;       /* block stage: words in a half of block_filter - 1 */
  __u64 filter_seed;
  __u16 vxlan_port[NP_TUNNEL_PORTS]; /* 0: unused */
  __u16 geneve_port[NP_TUNNEL_PORTS];
};

#endif
