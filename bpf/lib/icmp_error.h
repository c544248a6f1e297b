/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Ties an ICMP error to the flow whose packet it quotes. */
#ifndef NETPROBE_BPF_LIB_ICMP_ERROR_H
#define NETPROBE_BPF_LIB_ICMP_ERROR_H

#include "flow_cache.h"
#include "slow_path.h"

/* Reads the quoted transport's first word: ports, or what stands there for
 * ICMP. RFC 792 guarantees 8 bytes of it. */
static __always_inline void np_quoted_ports(struct np_run *run, struct np_icmp_error *e,
                                            __u32 off) {
  __be16 half[4];

  e->quoted.where |= NP_WHERE_NO_PORTS;
  if (bpf_skb_load_bytes(run->skb, off, half, sizeof(half)))
    return;
  switch (e->quoted.proto) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
    case IPPROTO_DCCP:
    case IPPROTO_UDPLITE:
      e->quoted.src_port = bpf_ntohs(half[0]);
      e->quoted.dst_port = bpf_ntohs(half[1]);
      e->quoted.where &= ~NP_WHERE_NO_PORTS;
      break;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      e->quoted.src_port = bpf_ntohs(half[2]);
      e->quoted.dst_port = e->quoted.src_port;
      e->quoted.where &= ~NP_WHERE_NO_PORTS;
      break;
  }
}

/* Steps over the extension headers of a quoted IPv6 packet; 1 where its
 * transport follows, 0 where it is a later fragment or all there is ends. */
static __always_inline int np_quoted_extensions(struct np_run *run, struct np_icmp_error *e,
                                                __u32 *off) {
  __u8 head[8];

#pragma unroll
  for (int i = 0; i < 4; i++) {
    if (!np_is_extension(e->quoted.proto))
      return 1;
    if (bpf_skb_load_bytes(run->skb, *off, head, sizeof(head)))
      return 0;
    if (e->quoted.proto == IPPROTO_FRAGMENT) {
      if (head[2] || (head[3] & 0xf8))
        return 0;
      *off += 8;
    } else if (e->quoted.proto == IPPROTO_AH) {
      *off += ((__u32)head[1] + 2) * 4;
    } else {
      *off += ((__u32)head[1] + 1) * 8;
    }
    e->quoted.proto = head[0];
  }
  return 1;
}

static __noinline int np_icmp_error(struct np_run *run, struct np_scratch *s) {
  struct np_layer *l = np_current(s);
  struct np_icmp_error e = {};
  __u32 off = s->quote_off;
  int whole = 1;

  if (!l || bpf_skb_load_bytes(run->skb, off, s->buf, 20))
    return 0;
  e.type = NP_EVENT_ICMP_ERROR;
  if (s->buf[0] >> 4 == 4) {
    const struct np_ipv4 *ip = (const struct np_ipv4 *)s->buf;

    np_map_ipv4(e.quoted.src_ip, ip->src);
    np_map_ipv4(e.quoted.dst_ip, ip->dst);
    e.quoted.proto = ip->proto;
    off += (ip->version_ihl & 0xf) * 4;
    /* A later fragment has no ports: what stands there is payload. */
    whole = !(ip->frag & bpf_htons(NP_IPV4_OFFSET));
  } else {
    const struct np_ipv6 *ip = (const struct np_ipv6 *)s->buf;

    if (s->buf[0] >> 4 != 6 || bpf_skb_load_bytes(run->skb, off, s->buf, sizeof(*ip)))
      return 0;
    __builtin_memcpy(e.quoted.src_ip, ip->src, 16);
    __builtin_memcpy(e.quoted.dst_ip, ip->dst, 16);
    e.quoted.proto = ip->next;
    off += sizeof(*ip);
    whole = np_quoted_extensions(run, &e, &off);
  }
  e.quoted.where = l->key.where & (NP_WHERE_EGRESS | NP_WHERE_DEPTH_MASK);
  if (whole)
    np_quoted_ports(run, &e, off);
  else
    e.quoted.where |= NP_WHERE_NO_PORTS;
  e.quoted.ifindex = l->key.ifindex;
  e.quoted.vni = l->key.vni;
  __builtin_memcpy(e.reporter_ip, l->key.src_ip, 16);
  e.time_ns = np_now_precise(run->skb);
  e.icmp_type = l->icmp >> 8;
  e.icmp_code = l->icmp & 0xff;
  e.mtu = s->quote_mtu;
  if (bpf_ringbuf_output(&network_events, &e, sizeof(e), BPF_RB_NO_WAKEUP))
    NP_ADD(run->dev->icmp_errors_lost, 1);
  return 0;
}

#endif
