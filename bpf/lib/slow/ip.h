/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* IPv4 and IPv6, fragments and extension headers. */
#ifndef NETPROBE_BPF_LIB_SLOW_IP_H
#define NETPROBE_BPF_LIB_SLOW_IP_H

#include "../fast_path.h"
#include "../fragments.h"
#include "scratch.h"

/* Opens the next IP layer and gives it what was found around it. */
static __always_inline struct np_layer *np_open_layer(struct np_scratch *s) {
  struct np_layer *outer = np_current(s);
  __u32 i = s->layers;
  struct np_layer *l;

  l = np_layer_at(s, i);
  if (!l)
    return 0;
  np_layer_init(l);
  /* without ports until they are read */
  l->key.where = NP_WHERE_NO_PORTS | i << NP_WHERE_DEPTH_SHIFT;
  l->key.src_port = 0;
  l->key.dst_port = 0;
  l->key.vni = s->vni;
  l->tunnel = s->tunnel;
  l->vlan = s->vlan;
  l->inner_vlan = s->inner_vlan;
  l->mpls_label = s->mpls_label;
  if (outer) {
    __builtin_memcpy(l->outer_src_ip, outer->key.src_ip, 16);
    __builtin_memcpy(l->outer_dst_ip, outer->key.dst_ip, 16);
  }
  l->l3_off = s->off;
  return l;
}

/* Length of the IP packet: what its header says, but never more than there
 * is, and what there is where the header has 0 (packets over 64 KiB). */
static __always_inline __u32 np_ip_length(const struct np_scratch *s, __u32 said, int unsaid) {
  __u32 room = s->length > s->off ? s->length - s->off : 0;

  if (unsaid)
    return room;
  return said > room && !s->cut ? room : said;
}

static __always_inline int np_has_ports(__u8 proto) {
  return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
         proto == IPPROTO_DCCP || proto == IPPROTO_UDPLITE;
}

static __always_inline int np_is_extension(__u8 proto) {
  return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT ||
         proto == IPPROTO_DSTOPTS || proto == IPPROTO_AH || proto == IPPROTO_MH ||
         proto == IPPROTO_HIP || proto == IPPROTO_SHIM6;
}

/* A fragment: the first has the ports, later ones look theirs up, with the
 * protocol that the first one ended at. Returns 1 where nothing more is to be
 * read. */
static __always_inline int np_fragment(struct np_scratch *s, struct np_layer *l, __u32 id,
                                       int later, __u8 proto) {
  struct np_fragment_ports known;

  NP_SAW(s, NP_PKT_FRAGMENTS);
  l->fragment = 1;
  s->cut = 1;
  s->frag_id = id;
  s->frag_proto = proto;
  s->first_frag = !later;
  if (!later)
    return 0;
  l->key.proto = proto;
  if (np_fragment_look_up(&l->key, id, proto, &known)) {
    NP_SAW(s, NP_PKT_FRAGMENTS_JOINED);
    l->key.proto = known.proto;
    l->key.src_port = known.src_port;
    l->key.dst_port = known.dst_port;
    l->key.where &= ~NP_WHERE_NO_PORTS;
  } else if (!np_has_ports(proto) && !np_is_extension(proto) && proto != IPPROTO_ICMP &&
             proto != IPPROTO_ICMPV6) {
    l->key.where &= ~NP_WHERE_NO_PORTS; /* it has none to miss */
  }
  return 1;
}

static __always_inline int np_step_ipv4(NP_CONTEXT *ctx, struct np_scratch *s) {
  const struct np_ipv4 *ip = (const struct np_ipv4 *)s->buf;
  struct np_layer *l;
  __u32 header, total;
  __u16 frag;

  if (NP_LOAD(s, ctx, s->off, sizeof(*ip)))
    return np_stop_failed(s);
  header = (ip->version_ihl & 0xf) * 4;
  total = bpf_ntohs(ip->total_len);
  if (header < sizeof(*ip) || (total != 0 && total < header))
    return np_stop_failed(s);
  l = np_open_layer(s);
  if (!l)
    return np_stop(s);
  if (header > sizeof(*ip))
    NP_SAW(s, NP_PKT_IPV4_OPTIONS);
  NP_SAW(s, NP_PKT_IPV4);
  np_map_ipv4(l->key.src_ip, ip->src);
  np_map_ipv4(l->key.dst_ip, ip->dst);
  l->ttl = ip->ttl;
  l->dscp = ip->tos >> 2;
  l->key.proto = ip->proto;
  l->ip_len = np_ip_length(s, total, total == 0);
  frag = bpf_ntohs(ip->frag);
  s->layers++;
  s->proto = ip->proto;
  s->off += header;
  s->payload_off = s->off;
  s->first_frag = 0;
  s->next = NP_NEXT_L4;
  if ((frag & (NP_IPV4_MF | NP_IPV4_OFFSET)) &&
      np_fragment(s, l, bpf_ntohs(ip->id), (frag & NP_IPV4_OFFSET) != 0, ip->proto))
    return np_stop(s);
  return 0;
}

static __always_inline int np_step_ipv6(NP_CONTEXT *ctx, struct np_scratch *s) {
  const struct np_ipv6 *ip = (const struct np_ipv6 *)s->buf;
  struct np_layer *l;
  __u16 payload;

  if (NP_LOAD(s, ctx, s->off, sizeof(*ip)))
    return np_stop_failed(s);
  l = np_open_layer(s);
  if (!l)
    return np_stop(s);
  NP_SAW(s, NP_PKT_IPV6);
  __builtin_memcpy(l->key.src_ip, ip->src, 16);
  __builtin_memcpy(l->key.dst_ip, ip->dst, 16);
  l->ttl = ip->hop_limit;
  l->dscp = (bpf_ntohl(ip->version_class_label) >> 22) & 0x3f;
  l->key.proto = ip->next;
  payload = bpf_ntohs(ip->payload_len);
  /* 0 where there is more: a jumbogram (RFC 2675), whose length is in an
   * option, or a super-packet over 64 KiB. */
  l->ip_len =
      np_ip_length(s, sizeof(*ip) + payload,
                   payload == 0 && (ip->next == IPPROTO_HOPOPTS || np_is_super_packet(ctx)));
  s->layers++;
  s->proto = ip->next;
  s->off += sizeof(*ip);
  s->payload_off = s->off;
  s->first_frag = 0;
  s->next = NP_NEXT_L4;
  return 0;
}

static __always_inline int np_step_ip(NP_CONTEXT *ctx, struct np_scratch *s) {
  if (NP_LOAD(s, ctx, s->off, 1))
    return np_stop_failed(s);
  switch (s->buf[0] >> 4) {
    case 4:
      return np_step_ipv4(ctx, s);
    case 6:
      return np_step_ipv6(ctx, s);
    default:
      /* After MPLS anything may follow; after an EtherType it is an error. */
      return s->type == ETH_MPLS || s->type == ETH_MPLS_MC ? np_stop_not_ip(s) : np_stop_failed(s);
  }
}

/* Steps over an extension header; its length is in units of 8 bytes beyond
 * the first 8, but of 4 beyond 8 for AH (RFC 4302 2.2). */
static __always_inline int np_step_extension(NP_CONTEXT *ctx, struct np_scratch *s,
                                             struct np_layer *l) {
  __u8 proto = s->proto;

  if (NP_LOAD(s, ctx, s->off, 8))
    return np_stop(s);
  if (proto != IPPROTO_AH)
    NP_SAW(s, NP_PKT_IPV6_EXTENSIONS);
  s->proto = s->buf[0];
  l->key.proto = s->buf[0];
  if (proto == IPPROTO_FRAGMENT) {
    __u16 offset = bpf_ntohs(*(__be16 *)(s->buf + 2));

    s->off += 8;
    s->payload_off = s->off;
    /* An atomic fragment (RFC 6946) is whole. */
    if ((offset & 0xfff9) &&
        np_fragment(s, l, bpf_ntohl(*(__be32 *)(s->buf + 4)), (offset & 0xfff8) != 0, s->buf[0]))
      return np_stop(s);
    return 0;
  }
  if (proto == IPPROTO_AH)
    s->off += ((__u32)s->buf[1] + 2) * 4;
  else
    s->off += ((__u32)s->buf[1] + 1) * 8;
  s->payload_off = s->off;
  return 0;
}

#endif
