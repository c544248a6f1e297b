/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a packet buffer says of its packet: addresses, ports, size. The buffer
 * may be at any layer, so its data pointer tells nothing; the header offsets
 * do, where they are set. Only the linear part is read, never behind it.
 */
#ifndef NETPROBE_BPF_LIB_SKB_TUPLE_H
#define NETPROBE_BPF_LIB_SKB_TUPLE_H

#include "../abi/drop_abi.h"
#include "headers.h"
#include "skb.h"

#define NP_AF_INET 2
#define NP_AF_INET6 10
#define NP_SKB_EXTENSIONS 5
#define NP_SKB_TAGS 2

/* The linear part: offsets are from head. */
struct np_skb_view {
  struct sk_buff *skb;
  const unsigned char *head;
  __u32 data;
  __u32 tail;
  __u32 network; /* of the IP header; 0 without */
  __u32 transport;
  __u16 ethertype;
};

struct np_skb_size {
  __u32 packets;
  __u64 bytes;
};

static __always_inline int np_skb_copy(const struct np_skb_view *v, void *to, __u32 size,
                                       __u32 offset) {
  if (offset > v->tail || v->tail - offset < size)
    return -1;
  return bpf_probe_read_kernel(to, size, v->head + offset) ? -1 : 0;
}

static __always_inline int np_is_tag(__u16 ethertype) {
  return ethertype == ETH_VLAN || ethertype == ETH_QINQ || ethertype == ETH_QINQ_OLD;
}

/* Steps over VLAN tags that stand in the packet; `offset` is right behind the
 * first ethertype. */
static __always_inline __u32 np_skip_tags(const struct np_skb_view *v, __u16 *ethertype,
                                          __u32 offset) {
  __be16 tag[2];

#pragma unroll
  for (int i = 0; i < NP_SKB_TAGS; i++) {
    if (!np_is_tag(*ethertype) || np_skb_copy(v, tag, sizeof(tag), offset))
      break;
    *ethertype = bpf_ntohs(tag[1]);
    offset += sizeof(tag);
  }
  return offset;
}

/* Finds the network header. The layer that dropped may not have set it yet:
 * then it stands behind the Ethernet header. */
static __always_inline void np_skb_look(struct sk_buff *skb, struct np_skb_view *v) {
  __u16 network = NP_FIELD(skb, network_header);
  __u16 mac = NP_FIELD(skb, mac_header);
  __u16 ethertype = bpf_ntohs(NP_FIELD(skb, protocol));
  __u32 offset = network;

  v->skb = skb;
  v->head = NP_FIELD(skb, head);
  v->data = (__u32)((unsigned long)NP_FIELD(skb, data) - (unsigned long)v->head);
  v->tail = NP_FIELD(skb, tail);
  v->network = 0;
  v->transport = 0;
  if (!network || network == NP_HEADER_UNSET || (mac != NP_HEADER_UNSET && network < mac)) {
    __be16 type;

    if (mac == NP_HEADER_UNSET || np_skb_copy(v, &type, sizeof(type), mac + 12)) {
      v->ethertype = ethertype;
      return;
    }
    ethertype = bpf_ntohs(type);
    offset = mac + sizeof(struct np_eth);
  }
  offset = np_skip_tags(v, &ethertype, offset);
  v->ethertype = ethertype;
  if (ethertype == ETH_IPV4 || ethertype == ETH_IPV6)
    v->network = offset;
}

static __always_inline void np_map_v4(__u8 to[16], const void *from) {
  __builtin_memset(to, 0, 10);
  to[10] = to[11] = 0xff;
  __builtin_memcpy(to + 12, from, 4);
}

/* ICMP queries are told apart by their identifier, which stands in both. */
static __always_inline void np_skb_ports(const struct np_skb_view *v, struct np_drop_tuple *t) {
  __be16 word[4];
  __u8 type;

  switch (t->proto) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
    case IPPROTO_DCCP:
    case IPPROTO_UDPLITE:
      if (np_skb_copy(v, word, 4, v->transport))
        return;
      t->src_port = bpf_ntohs(word[0]);
      t->dst_port = bpf_ntohs(word[1]);
      t->flags |= NP_DROP_PORTS;
      return;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      if (np_skb_copy(v, word, sizeof(word), v->transport))
        return;
      type = *(__u8 *)word;
      if (t->proto == IPPROTO_ICMP ? type == 0 || type == 8 || (type >= 13 && type <= 18)
                                   : type == 128 || type == 129) {
        t->src_port = t->dst_port = bpf_ntohs(word[2]);
        t->flags |= NP_DROP_PORTS;
      }
  }
}

static __always_inline int np_skb_ipv4(struct np_skb_view *v, struct np_drop_tuple *t,
                                       __u32 *total) {
  struct np_ipv4 ip;

  if (np_skb_copy(v, &ip, sizeof(ip), v->network) || ip.version_ihl >> 4 != 4)
    return -1;
  np_map_v4(t->src_ip, ip.src);
  np_map_v4(t->dst_ip, ip.dst);
  t->proto = ip.proto;
  t->flags |= NP_DROP_IP;
  *total = bpf_ntohs(ip.total_len);
  v->transport = v->network + (ip.version_ihl & 15) * 4;
  return ip.frag & bpf_htons(NP_IPV4_OFFSET) ? -1 : 0;
}

static __always_inline int np_is_extension(__u8 proto) {
  return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS ||
         proto == IPPROTO_FRAGMENT || proto == IPPROTO_AH;
}

/* What np_skb_extensions() says in one number. */
#define NP_EXT_PROTO_SHIFT 32
#define NP_EXT_CUT (1ULL << 40) /* behind it stands no whole header: a later fragment */

/* Where what follows the extension headers stands. A global function, so that
 * it is verified once and not again for every way that leads to it; and of
 * numbers only, as kernels before 5.12 have no pointers for those. */
__noinline __u64 np_skb_extensions(__u64 head, __u32 tail, __u32 offset, __u32 next) {
  const struct np_skb_view v = {.head = (const unsigned char *)head, .tail = tail};
  __u64 cut = NP_EXT_CUT;
  __u8 proto = next;
  __u8 ext[4];

  for (int i = 0; i < NP_SKB_EXTENSIONS; i++) {
    if (np_skb_copy(&v, ext, sizeof(ext), offset))
      break;
    if (proto == IPPROTO_FRAGMENT) {
      proto = ext[0];
      if (ext[2] || ext[3] & 0xf8)
        break;
      offset += 8;
    } else {
      offset += proto == IPPROTO_AH ? ((__u32)ext[1] + 2) * 4 : ((__u32)ext[1] + 1) * 8;
      proto = ext[0];
    }
    if (!np_is_extension(proto)) {
      cut = 0;
      break;
    }
  }
  return cut | (__u64)proto << NP_EXT_PROTO_SHIFT | offset;
}

static __always_inline int np_skb_ipv6(struct np_skb_view *v, struct np_drop_tuple *t,
                                       __u32 *total) {
  struct sk_buff *skb = v->skb;
  struct np_ipv6 ip;
  __u64 found;

  if (np_skb_copy(v, &ip, sizeof(ip), v->network) || (*(__u8 *)&ip) >> 4 != 6)
    return -1;
  __builtin_memcpy(t->src_ip, ip.src, 16);
  __builtin_memcpy(t->dst_ip, ip.dst, 16);
  t->proto = ip.next;
  t->flags |= NP_DROP_IP;
  *total = bpf_ntohs(ip.payload_len) ? bpf_ntohs(ip.payload_len) + sizeof(ip) : 0;
  v->transport = v->network + sizeof(ip);
  if (!np_is_extension(ip.next))
    return 0;
  /* Copied: read in place it is a pointer to the verifier. */
  found = np_skb_extensions((__u64)BPF_CORE_READ(skb, head), v->tail, v->transport, ip.next);
  v->transport = (__u32)found;
  t->proto = found >> NP_EXT_PROTO_SHIFT;
  return found & NP_EXT_CUT ? -1 : 0;
}

/* Wire packets and IP bytes. `total`: what the IP header says; 0 not known. */
static __always_inline void np_skb_measure(struct sk_buff *skb, const struct np_skb_view *v,
                                           __u8 proto, __u32 total, struct np_skb_size *size) {
  const struct skb_shared_info *shared = (const void *)(v->head + NP_FIELD(skb, end));
  __u16 gso_size = BPF_CORE_READ(shared, gso_size);
  __u32 len = NP_FIELD(skb, len);
  __u32 headers, segments, payload;
  __u8 offset;

  /* From the IP header to the end, wherever the data pointer is by now. */
  if (v->network)
    len += v->data - v->network;
  size->packets = 1;
  size->bytes = !gso_size && total && total < len ? total : len;
  if (!gso_size || !v->transport)
    return;
  headers = v->transport - v->network + sizeof(struct np_udp);
  if (proto == IPPROTO_TCP && !np_skb_copy(v, &offset, 1, v->transport + 12))
    headers = v->transport - v->network + (offset >> 4) * 4;
  payload = len > headers ? len - headers : 0;
  segments = BPF_CORE_READ(shared, gso_segs);
  if (!segments)
    segments = (payload + gso_size - 1) / gso_size;
  if (segments > 1) {
    size->packets = segments;
    size->bytes += (__u64)(segments - 1) * headers;
  }
}

#endif
