/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The parser for everything that fast_path.h leaves: tags, labels, options,
 * extension headers, fragments, tunnels in tunnels, data outside the linear
 * part of the frame. It takes one header a step, from slow/; what it knows stands
 * in np_scratch, and the loop costs the verifier one step. All reads are bounded
 * copies.
 */
#ifndef NETPROBE_BPF_LIB_SLOW_PATH_H
#define NETPROBE_BPF_LIB_SLOW_PATH_H

#include "slow/ip.h"
#include "slow/link.h"
#include "slow/scratch.h"
#include "slow/transport.h"

/* One header. A global function: verified once, however often it is called. */
__noinline int np_slow_step(NP_CONTEXT *ctx) {
  struct np_scratch *s = np_scratch();

  if (!s)
    return 1;
  switch (s->next) {
    case NP_NEXT_ETHERNET:
      return np_step_ethernet(ctx, s);
    case NP_NEXT_TYPE:
      return np_step_type(ctx, s);
    case NP_NEXT_IP:
      return np_step_ip(ctx, s);
    case NP_NEXT_L4:
      return np_step_l4(ctx, s);
    default:
      return 1;
  }
}

/* Before the first step: `next` is what the frame begins with. */
static __always_inline void np_parse_begin(struct np_scratch *s, enum np_next next, __u32 length) {
  s->next = next;
  s->off = 0;
  s->length = length;
  s->layers = 0;
  s->payload_off = 0;
  s->quote_off = 0;
  s->quote_mtu = 0;
  s->vni = 0;
  s->mpls_label = NP_NO_LABEL;
  s->vlan = NP_NO_VLAN;
  s->inner_vlan = NP_NO_VLAN;
  s->type = 0;
  s->tunnel = NP_TUNNEL_NONE;
  s->cut = 0;
  s->first_frag = 0;
  s->not_ip = 0;
  s->failed = 0;
  s->classes = 0;
}

static __always_inline enum np_packet_class np_l4_class(__u8 proto) {
  switch (proto) {
    case IPPROTO_TCP:
      return NP_PKT_TCP;
    case IPPROTO_UDP:
      return NP_PKT_UDP;
    case IPPROTO_ICMP:
      return NP_PKT_ICMP;
    case IPPROTO_ICMPV6:
      return NP_PKT_ICMP6;
    case IPPROTO_SCTP:
      return NP_PKT_SCTP;
    default:
      return NP_PKT_OTHER_L4;
  }
}

#endif
