/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The parser for everything that fast_path.h leaves: tags, labels, options,
 * extension headers, fragments, tunnels in tunnels, data outside the linear
 * part of the frame. It takes one header a step; what it knows stands in per-CPU
 * memory, which the verifier does not track, so every step looks alike to it
 * and the loop costs one step's verification. All reads are bounded copies.
 */
#ifndef NETPROBE_BPF_LIB_SLOW_PATH_H
#define NETPROBE_BPF_LIB_SLOW_PATH_H

#include "context.h"
#include "fast_path.h"
#include "fragments.h"

enum np_next {
  NP_NEXT_DONE = 0,
  NP_NEXT_ETHERNET,
  NP_NEXT_TYPE, /* what state->type says */
  NP_NEXT_IP,   /* version by the first nibble */
  NP_NEXT_L4,   /* what state->proto says */
};

struct np_scratch {
  struct np_layer layer[NP_LAYERS];
  __u32 busy; /* PREEMPT_RT only */
  __u32 next;
  __u32 off;    /* of the header to read next */
  __u32 length; /* of the frame */
  __u32 layers;
  __u32 payload_off;
  __u32 quote_off; /* of the packet that an ICMP error quotes; 0 without */
  __u32 quote_mtu;
  __u32 vni;
  __u32 mpls_label;
  __u16 vlan;
  __u16 inner_vlan;
  __u16 type;
  __u8 proto;
  __u8 tunnel;     /* that the next IP layer is in */
  __u8 cut;        /* a fragment: what is inside may be longer than it */
  __u8 first_frag; /* its ports are worth remembering */
  __u8 not_ip;     /* ended at something that is not IP */
  __u8 failed;     /* ended at an IP header that is none */
  __u8 frag_proto;
  __u32 frag_id;
  __u64 classes; /* bit per np_packet_class seen on the way */
  __u8 buf[64];
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_scratch);
} np_scratch_map SEC(".maps");

static __always_inline struct np_scratch *np_scratch(void) {
  __u32 zero = 0;

  return bpf_map_lookup_elem(&np_scratch_map, &zero);
}

#define NP_SAW(s, class) ((s)->classes |= 1ULL << (class))
#define NP_LOAD(s, ctx, offset, len) np_load(ctx, offset, (s)->buf, len)

static __always_inline int np_stop(struct np_scratch *s) {
  s->next = NP_NEXT_DONE;
  return 1;
}

static __always_inline int np_stop_not_ip(struct np_scratch *s) {
  s->not_ip = 1;
  return np_stop(s);
}

static __always_inline int np_stop_failed(struct np_scratch *s) {
  s->failed = 1;
  return np_stop(s);
}

/* Spelled out: constant offsets keep the verifier from exploring a range. */
static __always_inline struct np_layer *np_layer_at(struct np_scratch *s, __u32 i) {
  switch (i) {
    case 0:
      return &s->layer[0];
    case 1:
      return &s->layer[1];
    case 2:
      return &s->layer[2];
    default:
      return 0;
  }
}

static __always_inline struct np_layer *np_current(struct np_scratch *s) {
  return np_layer_at(s, s->layers - 1);
}

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

static __always_inline void np_enter(struct np_scratch *s, __u8 tunnel, __u32 vni, __u16 type,
                                     __u32 off) {
  struct np_layer *outer = np_current(s);

  if (outer)
    outer->carries = tunnel;
  s->tunnel = tunnel;
  s->vni = vni;
  s->type = type;
  s->off = off;
  s->vlan = NP_NO_VLAN;
  s->inner_vlan = NP_NO_VLAN;
  s->mpls_label = NP_NO_LABEL;
  s->next = type == ETH_TEB ? NP_NEXT_ETHERNET : NP_NEXT_TYPE;
}

static __always_inline int np_step_udp(NP_CONTEXT *ctx, struct np_scratch *s, __u16 port) {
  if (!np_config.tunnels || s->layers >= NP_LAYERS)
    return np_stop(s);
  if (np_is_port(np_config.vxlan_port, port)) {
    const struct np_vxlan *vxlan = (const struct np_vxlan *)s->buf;

    if (NP_LOAD(s, ctx, s->off + sizeof(struct np_udp), sizeof(*vxlan)) ||
        !(vxlan->flags & NP_VXLAN_I))
      return np_stop(s);
    NP_SAW(s, NP_PKT_VXLAN);
    np_enter(s, NP_TUNNEL_VXLAN, bpf_ntohl(vxlan->vni) >> 8, ETH_TEB,
             s->off + sizeof(struct np_udp) + sizeof(*vxlan));
    return 0;
  }
  if (np_is_port(np_config.geneve_port, port)) {
    const struct np_geneve *geneve = (const struct np_geneve *)s->buf;

    if (NP_LOAD(s, ctx, s->off + sizeof(struct np_udp), sizeof(*geneve)) ||
        geneve->version_optlen >> 6)
      return np_stop(s);
    NP_SAW(s, NP_PKT_GENEVE);
    np_enter(
        s, NP_TUNNEL_GENEVE, bpf_ntohl(geneve->vni) >> 8, bpf_ntohs(geneve->type),
        s->off + sizeof(struct np_udp) + sizeof(*geneve) + (geneve->version_optlen & 0x3f) * 4);
    return 0;
  }
  return np_stop(s);
}

static __always_inline int np_step_gre(NP_CONTEXT *ctx, struct np_scratch *s) {
  __u16 flags, type;
  __u32 off = s->off + 4, key = 0;

  if (!np_config.tunnels || s->layers >= NP_LAYERS || NP_LOAD(s, ctx, s->off, 4))
    return np_stop(s);
  flags = bpf_ntohs(*(__be16 *)s->buf);
  type = bpf_ntohs(*(__be16 *)(s->buf + 2));
  /* Version 1 carries PPP (RFC 2637); source routes went with RFC 2784. */
  if (flags & 0x4007)
    return np_stop(s);
  if (flags & 0x8000) /* checksum, and a reserved field */
    off += 4;
  if (flags & 0x2000) {
    if (NP_LOAD(s, ctx, off, 4))
      return np_stop(s);
    key = bpf_ntohl(*(__be32 *)s->buf);
    off += 4;
  }
  if (flags & 0x1000)
    off += 4;
  if (type == ETH_ERSPAN) {
    /* Type II has a sequence number and 8 bytes of its own, type I neither. */
    off += flags & 0x1000 ? 8 : 0;
    type = ETH_TEB;
  }
  NP_SAW(s, NP_PKT_GRE);
  np_enter(s, NP_TUNNEL_GRE, key, type, off);
  return 0;
}

static __always_inline void np_remember_first(struct np_scratch *s, const struct np_layer *l) {
  if (s->first_frag)
    np_fragment_remember(&l->key, s->frag_id, s->frag_proto);
}

static __always_inline int np_step_tcp(NP_CONTEXT *ctx, struct np_scratch *s, struct np_layer *l) {
  const struct np_tcp *tcp = (const struct np_tcp *)s->buf;

  if (NP_LOAD(s, ctx, s->off, sizeof(*tcp)))
    return np_stop(s);
  l->tcp_seq = bpf_ntohl(tcp->seq);
  l->tcp_flags = tcp->flags;
  l->window = tcp->window;
  l->has_tcp = 1;
  l->payload = np_tcp_payload(l->ip_len, s->off - l->l3_off, tcp->offset);
  s->payload_off = s->off + (tcp->offset >> 4) * 4;
  return np_stop(s);
}

/* Queries carry an identifier, errors a packet. ICMPv6 numbers are offset by
 * 256 so that one switch serves both. */
static __always_inline int np_step_icmp(NP_CONTEXT *ctx, struct np_scratch *s, struct np_layer *l,
                                        __u32 family) {
  __u16 id;

  l->key.where &= ~NP_WHERE_NO_PORTS;
  if (NP_LOAD(s, ctx, s->off, 8)) {
    if (!NP_LOAD(s, ctx, s->off, 2))
      l->icmp = bpf_ntohs(*(__be16 *)s->buf);
    return np_stop(s);
  }
  l->icmp = bpf_ntohs(*(__be16 *)s->buf);
  s->payload_off = s->off + 8;
  id = bpf_ntohs(*(__be16 *)(s->buf + 4));
  switch (family + s->buf[0]) {
    case 0:
    case 8: /* echo (RFC 792) */
    case 13:
    case 14: /* timestamp */
    case 15:
    case 16: /* information */
    case 17:
    case 18: /* address mask (RFC 950) */
    case 42:
    case 43: /* extended echo (RFC 8335) */
    case 256 + 128:
    case 256 + 129: /* echo (RFC 4443) */
    case 256 + 160:
    case 256 + 161:
      l->key.src_port = id;
      l->key.dst_port = id;
      break;
    case 3:
    case 4:
    case 5:
    case 11:
    case 12:
    case 256 + 1:
    case 256 + 2:
    case 256 + 3:
    case 256 + 4:
      s->quote_off = s->off + 8;
      if (family + s->buf[0] == 256 + 2)
        s->quote_mtu = bpf_ntohl(*(__be32 *)(s->buf + 4));
      else if (l->icmp == (3 << 8 | 4) && family == 0)
        s->quote_mtu = bpf_ntohs(*(__be16 *)(s->buf + 6));
      break;
  }
  np_remember_first(s, l);
  return np_stop(s);
}

static __always_inline int np_step_l4(NP_CONTEXT *ctx, struct np_scratch *s) {
  struct np_layer *l = np_current(s);
  const struct np_ports *ports = (const struct np_ports *)s->buf;

  if (!l)
    return np_stop(s);
  switch (s->proto) {
    case IPPROTO_HOPOPTS:
    case IPPROTO_ROUTING:
    case IPPROTO_FRAGMENT:
    case IPPROTO_DSTOPTS:
    case IPPROTO_AH:
    case IPPROTO_MH:
    case IPPROTO_HIP:
    case IPPROTO_SHIM6:
      return np_step_extension(ctx, s, l);
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
    case IPPROTO_DCCP:
    case IPPROTO_UDPLITE:
      /* What lies beyond the IP packet is the link's padding. */
      if ((s->off + sizeof(*ports) > l->l3_off + l->ip_len && !s->cut) ||
          NP_LOAD(s, ctx, s->off, sizeof(*ports)))
        return np_stop(s);
      l->key.src_port = bpf_ntohs(ports->src);
      l->key.dst_port = bpf_ntohs(ports->dst);
      l->key.where &= ~NP_WHERE_NO_PORTS;
      np_remember_first(s, l);
      if (s->proto == IPPROTO_TCP)
        return np_step_tcp(ctx, s, l);
      if (s->proto == IPPROTO_UDP) {
        s->payload_off = s->off + sizeof(struct np_udp);
        return np_step_udp(ctx, s, l->key.dst_port);
      }
      return np_stop(s);
    case IPPROTO_ICMP:
      return np_step_icmp(ctx, s, l, 0);
    case IPPROTO_ICMPV6:
      return np_step_icmp(ctx, s, l, 256);
    case IPPROTO_IPIP:
    case IPPROTO_IPV6:
      l->key.where &= ~NP_WHERE_NO_PORTS;
      if (!np_config.tunnels || s->layers >= NP_LAYERS)
        return np_stop(s);
      NP_SAW(s, NP_PKT_IPIP);
      np_enter(s, NP_TUNNEL_IPIP, 0, s->proto == IPPROTO_IPIP ? ETH_IPV4 : ETH_IPV6, s->off);
      return 0;
    case IPPROTO_GRE:
      l->key.where &= ~NP_WHERE_NO_PORTS;
      return np_step_gre(ctx, s);
    default:
      l->key.where &= ~NP_WHERE_NO_PORTS;
      return np_stop(s);
  }
}

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
