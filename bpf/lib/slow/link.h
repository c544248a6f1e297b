/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Before IP: Ethernet, tags, labels, PPPoE, LLC. */
#ifndef NETPROBE_BPF_LIB_SLOW_LINK_H
#define NETPROBE_BPF_LIB_SLOW_LINK_H

#include "../headers.h"
#include "scratch.h"

static __always_inline void np_tag(struct np_scratch *s, __u16 tci) {
  NP_SAW(s, NP_PKT_VLAN);
  if (s->vlan == NP_NO_VLAN)
    s->vlan = tci & 0xfff;
  else if (s->inner_vlan == NP_NO_VLAN)
    s->inner_vlan = tci & 0xfff;
}

static __always_inline int np_step_ethernet(NP_CONTEXT *ctx, struct np_scratch *s) {
  if (NP_LOAD(s, ctx, s->off, sizeof(struct np_eth)))
    return np_stop_failed(s);
  s->type = bpf_ntohs(((struct np_eth *)s->buf)->type);
  s->off += sizeof(struct np_eth);
  s->next = NP_NEXT_TYPE;
  return 0;
}

static __always_inline int np_step_type(NP_CONTEXT *ctx, struct np_scratch *s) {
  const __be16 *half = (const __be16 *)s->buf;
  __u32 label;

  switch (s->type) {
    case ETH_IPV4:
    case ETH_IPV6:
      s->next = NP_NEXT_IP;
      return 0;
    case ETH_VLAN:
    case ETH_QINQ:
    case ETH_QINQ_OLD:
      if (NP_LOAD(s, ctx, s->off, 4))
        return np_stop_failed(s);
      np_tag(s, bpf_ntohs(half[0]));
      s->type = bpf_ntohs(half[1]);
      s->off += 4;
      return 0;
    case ETH_MPLS: /* RFC 3032: label 20 bits, class 3, bottom 1, TTL 8 */
    case ETH_MPLS_MC:
      if (NP_LOAD(s, ctx, s->off, 4))
        return np_stop_failed(s);
      NP_SAW(s, NP_PKT_MPLS);
      label = bpf_ntohl(*(__be32 *)s->buf);
      if (s->mpls_label == NP_NO_LABEL)
        s->mpls_label = label >> 12;
      s->off += 4;
      if (label & 0x100)
        s->next = NP_NEXT_IP;
      return 0;
    case ETH_PPPOE: /* RFC 2516: 6 bytes, then the PPP protocol */
      if (NP_LOAD(s, ctx, s->off, 8))
        return np_stop_failed(s);
      s->off += 8;
      if (half[3] != bpf_htons(0x0021) && half[3] != bpf_htons(0x0057))
        return np_stop_not_ip(s);
      s->next = NP_NEXT_IP;
      return 0;
    case ETH_ARP:
      NP_SAW(s, NP_PKT_ARP);
      return np_stop_not_ip(s);
    default:
      if (s->type >= ETH_MIN || NP_LOAD(s, ctx, s->off, 8))
        return np_stop_not_ip(s);
      /* IEEE 802.3 with LLC and SNAP (RFC 1042) */
      if (*(__u32 *)s->buf != bpf_htonl(0xaaaa0300) || half[2] != 0)
        return np_stop_not_ip(s);
      s->type = bpf_ntohs(half[3]);
      s->off += 8;
      return s->type < ETH_MIN ? np_stop_not_ip(s) : 0;
  }
}

#endif
