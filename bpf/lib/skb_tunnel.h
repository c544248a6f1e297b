/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is inside a tunnel packet that was dropped: the first IP header behind
 * the outer one, by the same rules as the flow programs' parser. Whatever does
 * not look like it leaves the record as it was, with the outer header alone.
 *
 * In global functions, which are verified once: in line, every way through the
 * outer header would be multiplied with every way through what is inside, too
 * many for the verifier. They take and give numbers, as np_skb_extensions().
 */
#ifndef NETPROBE_BPF_LIB_SKB_TUNNEL_H
#define NETPROBE_BPF_LIB_SKB_TUNNEL_H

#include "drop_table.h"
#include "skb_tuple.h"

struct np_skb_inside {
  __u32 offset;
  __u32 vni;
  __u16 type;
  __u8 tunnel; /* enum np_tunnel */
  __u8 has_vni;
};

static __always_inline int np_inside_udp(const struct np_skb_view *v, __u16 port,
                                         struct np_skb_inside *in) {
  const __u32 offset = v->transport + sizeof(struct np_udp);

  if (np_is_port(np_drop_config.vxlan_port, port)) {
    struct np_vxlan vxlan;

    if (np_skb_copy(v, &vxlan, sizeof(vxlan), offset) || !(vxlan.flags & NP_VXLAN_I))
      return -1;
    in->tunnel = NP_TUNNEL_VXLAN;
    in->vni = bpf_ntohl(vxlan.vni) >> 8;
    in->type = ETH_TEB;
    in->offset = offset + sizeof(vxlan);
  } else {
    struct np_geneve geneve;

    if (np_skb_copy(v, &geneve, sizeof(geneve), offset) || geneve.version_optlen >> 6)
      return -1;
    in->tunnel = NP_TUNNEL_GENEVE;
    in->vni = bpf_ntohl(geneve.vni) >> 8;
    in->type = bpf_ntohs(geneve.type);
    in->offset = offset + sizeof(geneve) + (geneve.version_optlen & 0x3f) * 4;
  }
  in->has_vni = 1;
  return 0;
}

static __always_inline int np_inside_gre(const struct np_skb_view *v, struct np_skb_inside *in) {
  __u32 offset = v->transport + 4;
  __be16 head[2];
  __u16 flags;

  if (np_skb_copy(v, head, sizeof(head), v->transport))
    return -1;
  flags = bpf_ntohs(head[0]);
  /* Version 1 carries PPP (RFC 2637); source routes went with RFC 2784. */
  if (flags & 0x4007)
    return -1;
  if (flags & 0x8000) /* checksum, and a reserved field */
    offset += 4;
  if (flags & 0x2000) {
    __be32 id;

    if (np_skb_copy(v, &id, sizeof(id), offset))
      return -1;
    in->vni = bpf_ntohl(id);
    in->has_vni = 1;
    offset += 4;
  }
  if (flags & 0x1000)
    offset += 4;
  in->tunnel = NP_TUNNEL_GRE;
  in->type = bpf_ntohs(head[1]);
  if (in->type == ETH_ERSPAN) {
    /* Type II has a sequence number and 8 bytes of its own, type I neither. */
    offset += flags & 0x1000 ? 8 : 0;
    in->type = ETH_TEB;
  }
  in->offset = offset;
  return 0;
}

/* Is it the outside of a tunnel's packet? Cheap, for the many that are not. */
static __always_inline int np_may_be_tunnel(const struct np_drop_tuple *outer) {
  switch (outer->proto) {
    case IPPROTO_UDP:
      return outer->flags & NP_DROP_PORTS &&
             (np_is_port(np_drop_config.vxlan_port, outer->dst_port) ||
              np_is_port(np_drop_config.geneve_port, outer->dst_port));
    case IPPROTO_GRE:
    case IPPROTO_IPIP:
    case IPPROTO_IPV6:
      return 1;
    default:
      return 0;
  }
}

/* What np_skb_tunnel() says in one number. */
#define NP_IN_OFFSET 0xfffffU
#define NP_IN_IPV6 (1U << 20)
#define NP_IN_VNI (1U << 21)
#define NP_IN_TUNNEL_SHIFT 22
#define NP_IN_TUNNEL_MASK 7
#define NP_IN_VNI_SHIFT 32

/* Where the IP header inside stands, and in what; 0 where there is none. */
__noinline __u64 np_skb_tunnel(__u64 head, __u32 tail, __u32 transport, __u32 proto, __u32 port) {
  const struct np_skb_view v = {
      .head = (const unsigned char *)head, .tail = tail, .transport = transport};
  struct np_skb_inside in = {};
  __be16 type;
  __u32 word;

  switch (proto) {
    case IPPROTO_UDP:
      if (np_inside_udp(&v, port, &in))
        return 0;
      break;
    case IPPROTO_GRE:
      if (np_inside_gre(&v, &in))
        return 0;
      break;
    default:
      in.tunnel = NP_TUNNEL_IPIP;
      in.type = proto == IPPROTO_IPIP ? ETH_IPV4 : ETH_IPV6;
      in.offset = transport;
  }
  if (in.type == ETH_TEB) {
    if (np_skb_copy(&v, &type, sizeof(type), in.offset + 12))
      return 0;
    in.type = bpf_ntohs(type);
    in.offset += sizeof(struct np_eth);
  }
  in.offset = np_skip_tags(&v, &in.type, in.offset);
  if ((in.type != ETH_IPV4 && in.type != ETH_IPV6) || in.offset > NP_IN_OFFSET)
    return 0;
  word = in.offset | (__u32)in.tunnel << NP_IN_TUNNEL_SHIFT;
  if (in.type == ETH_IPV6)
    word |= NP_IN_IPV6;
  if (in.has_vni)
    word |= NP_IN_VNI;
  return (__u64)in.vni << NP_IN_VNI_SHIFT | word;
}

#define NP_PORTS_FLAGS_SHIFT 32

/* np_skb_ports() in one number: source, destination, flags. */
__noinline __u64 np_skb_ports_at(__u64 head, __u32 tail, __u32 transport, __u32 proto) {
  const struct np_skb_view v = {
      .head = (const unsigned char *)head, .tail = tail, .transport = transport};
  struct np_drop_tuple t = {.proto = proto};

  np_skb_ports(&v, &t);
  return (__u64)t.flags << NP_PORTS_FLAGS_SHIFT | (__u32)t.src_port << 16 | t.dst_port;
}

/*
 * True where an IP header was found inside: the key is whole then, and `v`
 * has the inner transport header, behind which the headers that each segment
 * of a super-packet repeats end.
 */
static __always_inline int np_skb_inside(struct np_skb_view *v, struct np_drop_tunnel_key *key) {
  struct np_skb_view inner = *v;
  struct sk_buff *skb = v->skb;
  /* Copied: read in place it is a pointer to the verifier, and no number. */
  const __u64 head = (__u64)BPF_CORE_READ(skb, head);
  __u64 found =
      np_skb_tunnel(head, v->tail, v->transport, key->outer.tuple.proto, key->outer.tuple.dst_port);
  __u32 total;
  int whole;

  if (!found)
    return 0;
  __builtin_memset(&key->inner, 0, sizeof(*key) - sizeof(key->outer));
  key->tunnel = (__u32)found >> NP_IN_TUNNEL_SHIFT & NP_IN_TUNNEL_MASK;
  key->vni = found >> NP_IN_VNI_SHIFT;
  inner.head = (const unsigned char *)head;
  inner.network = found & NP_IN_OFFSET;
  if (found & NP_IN_IPV6)
    whole = np_skb_ipv6(&inner, &key->inner, &total);
  else
    whole = np_skb_ipv4(&inner, &key->inner, &total);
  if (!(key->inner.flags & NP_DROP_IP))
    return 0;
  if (found & NP_IN_VNI)
    key->inner.flags |= NP_DROP_VNI;
  if (!whole) {
    found = np_skb_ports_at(head, v->tail, inner.transport, key->inner.proto);
    key->inner.src_port = (__u32)found >> 16;
    key->inner.dst_port = found;
    key->inner.flags |= found >> NP_PORTS_FLAGS_SHIFT;
  }
  v->transport = inner.transport;
  return 1;
}

#endif
