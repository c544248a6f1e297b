/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The packet that nearly every packet is: TCP or UDP over IPv4 without options
 * or IPv6 without extension headers, in a flow that the cache has, with nothing
 * to be remarked about it. It is read, hashed, compared and counted in
 * registers. (The words of a key that is put together in memory are loaded
 * again before their bytes have left the store buffer, which stalls.)
 *
 * Whatever is not that packet is left untouched, and np_fast takes it from
 * the start.
 */
#ifndef NETPROBE_BPF_LIB_HIT_PATH_H
#define NETPROBE_BPF_LIB_HIT_PATH_H

#include "../abi/name_abi.h"
#include "fast_path.h"
#include "flow_cache.h"
#include "headers.h"

static __always_inline __u64 np_key_word4(__be32 ports, __u8 proto, __u32 direction) {
  __u32 p = bpf_ntohl(ports);

  p = p >> 16 | p << 16; /* source port low: little-endian, as the key is */
  return p | (__u64)proto << 32 | (__u64)(direction == NP_EGRESS ? NP_WHERE_EGRESS : 0) << 40;
}

/* Whether this segment only carries its flow on: in sequence or a bare ACK,
 * no SYN, FIN or RST, no window of 0, no handshake under way. */
static __always_inline int np_plain_segment(const struct np_tcp *tcp, const struct np_flow_cold *r,
                                            __u32 payload) {
  if (tcp->flags & (TCP_SYN | TCP_FIN | TCP_RST) || tcp->window == 0 ||
      (r->state & NP_STATE_AWAIT_ACK))
    return 0;
  return payload == 0 || ((r->state & NP_STATE_SEQ) && bpf_ntohl(tcp->seq) == r->tcp_next_seq);
}

/* Wire packets of a super-packet. A driver may leave the count to others
 * (SKB_GSO_DODGY): then it follows from the size. */
static __always_inline __u32 np_segments(const struct __sk_buff *skb, __u32 length,
                                         __u32 payload_off) {
  __u32 segs = skb->gso_segs;
  __u32 size = skb->gso_size;

  if (segs == 0 && size != 0 && length > payload_off)
    segs = (length - payload_off + size - 1) / size;
  return segs ? segs : 1;
}

/* Of both ports as the word that they are in the packet. Read once, whole: a
 * part of a word that was just written has to wait for the store on some CPUs. */
static __always_inline __u32 np_dst_port(__be32 ports) {
  return bpf_ntohs((__be16)(ports >> 16));
}

/* np_fast tells of it (names.h). */
static __always_inline int np_is_dns(__be32 ports) {
  return (__be16)ports == bpf_htons(NP_DNS_PORT) || ports >> 16 == bpf_htons(NP_DNS_PORT);
}

static __noinline int np_is_tunnel_far(__u32 port) {
  return np_is_tunnel_port(port);
}

/* One bit for all ports at once, and where it is set another one: a service whose
 * port shares the first with a tunnel's would pay for a call with each packet.
 * Where both are set, each port is compared. */
static __always_inline int np_is_tunnel(__u32 port) {
  return unlikely(np_config.tunnel_filter[0] >> (port & 63) & 1) &&
         np_config.tunnel_filter[1] >> (port >> 6 & 63) & 1 && np_is_tunnel_far(port);
}

#define NP_NO_SLOT 0xffffffff

/* Where an id is that is not in the first line of its first set, as an index of
 * its way over all sets. It starts from the beginning, so that the caller has
 * nothing to keep for it; a global function, so that it is verified once, by
 * itself, and leaves the caller one state to go on with. */
__noinline __u32 np_find_far(__u64 id0, __u64 id1) {
  struct np_id id = {{id0, id1}};
  __u64 hash = np_hash(&id);
  __u32 cpu = bpf_get_smp_processor_id();
  __u32 index = np_first_set(cpu, hash);

#pragma unroll
  for (int turn = 0; turn < 2; turn++) {
    const struct np_flow_set *set = bpf_map_lookup_elem(&flow_stats, &index);

    if (!set)
      return NP_NO_SLOT;
#pragma unroll
    for (__u32 way = 0; way < NP_FLOW_WAYS; way++) {
      if (np_is_id(&set->way[way], &id))
        return index * NP_FLOW_WAYS + way;
    }
    index = np_other_set(cpu, index, hash);
  }
  return NP_NO_SLOT;
}

/* The verifiers of 5.10 and 6.1 lose the bound of a way that was on the stack:
 * the mask is theirs, and the asm keeps the compiler from dropping it. */
static __always_inline __u32 np_bounded_way(__u32 way) {
  asm volatile("" : "+r"(way));
  return way & (NP_FLOW_WAYS - 1);
}

/* Finds an id in the cache: 0 where it is not. What is found stays in
 * registers; but for `index`, the number of its set, which look-ups want in
 * memory. */
static __always_inline struct np_flow_hot *np_find(__u32 cpu, const struct np_id *id, __u32 *index,
                                                   __u32 *way) {
  __u64 hash = np_hash(id);
  struct np_flow_set *set;
  struct np_flow_hot *hot;
  __u32 slot;

  *index = np_first_set(cpu, hash);
  set = bpf_map_lookup_elem(&flow_stats, index);
  if (!set)
    return 0;
  *way = np_home(hash);
  hot = &set->way[np_bounded_way(*way)];
  if (likely(np_is_id(hot, id)))
    return hot;
  *way ^= 1; /* in the same line */
  hot = &set->way[np_bounded_way(*way)];
  if (likely(np_is_id(hot, id)))
    return hot;
  slot = np_find_far(id->w[0], id->w[1]);
  if (slot == NP_NO_SLOT)
    return 0;
  *index = slot / NP_FLOW_WAYS;
  *way = slot;
  set = bpf_map_lookup_elem(&flow_stats, index);
  return set ? &set->way[np_bounded_way(slot)] : 0;
}

/* What a packet adds to its flow. */
struct np_share {
  __u32 packets;
  __u32 bytes; /* of IP */
};

/* A super-packet is as many as it will be on the wire. `header`: bytes of the
 * IP and TCP headers, which each of them has. */
static __always_inline void np_share_super(struct __sk_buff *skb, struct np_device_stats *dev,
                                           __u32 l3_off, __u32 header, struct np_share *share) {
  __u32 more = np_segments(skb, skb->len, l3_off + header) - 1;

  share->packets += more;
  share->bytes += more * header;
  NP_ADD(dev->gso_extra_packets, more);
  NP_ADD(dev->gso_extra_bytes, (__u64)more * (l3_off + header));
  np_class(bpf_get_smp_processor_id(), NP_PKT_GSO);
}

static __always_inline void np_add_plain(struct __sk_buff *skb, struct np_flow_hot *hot,
                                         const struct np_share *share, __u8 ttl, __u8 dscp) {
  hot->packets += share->packets;
  hot->bytes_ttl_dscp = np_next_bytes(hot->bytes_ttl_dscp, share->bytes, ttl, dscp);
  hot->last = np_now_coarse(skb);
}

/* What np_hit4 and np_hit6 answer. Where it is not NP_HIT, nothing of the
 * packet has been counted but what np_flow_packet counts of every one. */
enum np_hit {
  NP_HIT,
  NP_HIT_NONE,   /* not such a packet, or not in the cache */
  NP_HIT_TUNNEL, /* UDP to a tunnel's port */
};

/*
 * Whoever calls has seen that the shortest packet is there, and that it begins
 * with 0x45. `room`: bytes of the frame from its network header on. What is
 * needed once more after a look into a map is read again, not kept: registers
 * that outlive a call are few, and the line is at hand.
 */
static __always_inline enum np_hit np_hit4(struct __sk_buff *skb, const void *l3, const void *end,
                                           __u32 l3_off, __u32 room, struct np_device_stats *dev,
                                           __u32 cpu, __u32 ifindex, __u32 direction) {
  const struct np_ipv4 *ip = l3;
  /* By words: what is copied as bytes is loaded in halves of words. */
  const __u32 *addresses = (const void *)ip->src;
  const struct np_tcp *tcp = l3 + sizeof(*ip);
  const __be32 ports = *(const __be32 *)tcp;
  struct np_share share = {.packets = 1};
  struct np_flow_details *details;
  struct np_flow_hot *hot;
  __u32 index, way;
  struct np_id id;

  share.bytes = bpf_ntohs(ip->total_len);
  if ((ip->frag & bpf_htons(NP_IPV4_MF | NP_IPV4_OFFSET)) || share.bytes > room ||
      share.bytes < sizeof(*ip) + sizeof(struct np_udp) || ifindex >> NP_ID_IFINDEX_BITS)
    return NP_HIT_NONE;
  id.w[0] = addresses[0] | (__u64)addresses[1] << 32;
  if (ip->proto == IPPROTO_UDP) {
    if (skb->gso_size)
      return NP_HIT_NONE;
    if (np_is_tunnel(np_dst_port(ports)))
      return NP_HIT_TUNNEL;
    if (np_config.names && unlikely(np_is_dns(ports)))
      return NP_HIT_NONE;
    id = np_narrow_id(id.w[0], ports, ifindex, 0, direction);
  } else if (ip->proto == IPPROTO_TCP) {
    id = np_narrow_id(id.w[0], ports, ifindex, 1, direction);
  } else {
    return NP_HIT_NONE;
  }
  hot = np_find(cpu, &id, &index, &way);
  if (!hot)
    return NP_HIT_NONE;
  share.bytes = bpf_ntohs(ip->total_len);
  if (ip->proto == IPPROTO_UDP && !np_config.replay) {
    NP_ADD(dev->fast[NP_FAST_IPV4_UDP], 1);
    np_add_plain(skb, hot, &share, ip->ttl, ip->tos >> 2);
    return NP_HIT;
  }
  details = bpf_map_lookup_elem(&flow_details, &index);
  if (!details)
    return NP_HIT_NONE;
  if (ip->proto == IPPROTO_TCP) {
    struct np_flow_cold *cold = &details->way[np_bounded_way(way)];
    __u32 payload;

    if ((const void *)(tcp + 1) > end || share.bytes < sizeof(*ip) + sizeof(*tcp))
      return NP_HIT_NONE;
    payload = np_tcp_payload(share.bytes, sizeof(*ip), tcp->offset);
    if (!np_plain_segment(tcp, cold, payload))
      return NP_HIT_NONE;
    cold->tcp_flags |= tcp->flags;
    cold->tcp_next_seq += payload;
    if (skb->gso_size)
      np_share_super(skb, dev, l3_off, sizeof(*ip) + (tcp->offset >> 4) * 4, &share);
    NP_ADD(dev->fast[NP_FAST_IPV4_TCP], 1);
  } else {
    NP_ADD(dev->fast[NP_FAST_IPV4_UDP], 1);
  }
  if (np_config.replay)
    details->way[np_bounded_way(way)].replay_last_ns = skb->tstamp;
  np_add_plain(skb, hot, &share, ip->ttl, ip->tos >> 2);
  return NP_HIT;
}

/*
 * The same for IPv6, whose flows need their whole key. A function of its own:
 * in one with IPv4's, what the two do not share would lie in the way of both.
 */
static __noinline enum np_hit np_hit6(struct __sk_buff *skb, struct np_device_stats *dev,
                                      __u32 l3_off, __u32 direction) {
  const void *l3 = (const void *)(long)skb->data + l3_off;
  const void *end = (const void *)(long)skb->data_end;
  __u32 ifindex = NP_CTX_OR(skb->mark, skb->ifindex);
  __u32 length = NP_CTX_OR(skb->wire_len, skb->len);
  const struct np_ipv6 *ip = l3;
  const __u32 *src = (const void *)ip->src, *dst = (const void *)ip->dst;
  struct np_share share = {.packets = 1};
  struct np_flow_details *details;
  struct np_flow_cold *cold;
  struct np_flow_hot *hot;
  __u32 index, way;
  struct np_words k;
  struct np_id id;
  __be32 ports;
  __u8 proto;

  if (l3 + sizeof(*ip) + sizeof(struct np_udp) > end)
    return NP_HIT_NONE;
  share.bytes = bpf_ntohs(ip->payload_len) + sizeof(*ip);
  proto = ip->next;
  ports = *(const __be32 *)(l3 + sizeof(*ip));
  if (share.bytes + l3_off > length || share.bytes < sizeof(*ip) + sizeof(struct np_udp))
    return NP_HIT_NONE;
  if (proto == IPPROTO_UDP) {
    if (skb->gso_size)
      return NP_HIT_NONE;
    if (np_is_tunnel(np_dst_port(ports)))
      return NP_HIT_TUNNEL;
    if (np_config.names && unlikely(np_is_dns(ports)))
      return NP_HIT_NONE;
  } else if (proto != IPPROTO_TCP) {
    return NP_HIT_NONE;
  }
#pragma unroll
  for (int i = 0; i < 2; i++) {
    k.w[i] = src[2 * i] | (__u64)src[2 * i + 1] << 32;
    k.w[2 + i] = dst[2 * i] | (__u64)dst[2 * i + 1] << 32;
  }
  k.w[4] = np_key_word4(ports, proto, direction);
  k.w[5] = ifindex;
  id = np_wide_id(&k);
  hot = np_find(bpf_get_smp_processor_id(), &id, &index, &way);
  if (!hot)
    return NP_HIT_NONE;
  details = bpf_map_lookup_elem(&flow_details, &index);
  if (!details)
    return NP_HIT_NONE;
  cold = &details->way[np_bounded_way(way)];
  if (!np_is_key(&cold->key, &k))
    return NP_HIT_NONE;
  if (proto == IPPROTO_TCP) {
    const struct np_tcp *tcp = l3 + sizeof(*ip);
    __u32 payload;

    if ((const void *)(tcp + 1) > end || share.bytes < sizeof(*ip) + sizeof(*tcp))
      return NP_HIT_NONE;
    payload = np_tcp_payload(share.bytes, sizeof(*ip), tcp->offset);
    if (!np_plain_segment(tcp, cold, payload))
      return NP_HIT_NONE;
    cold->tcp_flags |= tcp->flags;
    cold->tcp_next_seq += payload;
    if (skb->gso_size)
      np_share_super(skb, dev, l3_off, sizeof(*ip) + (tcp->offset >> 4) * 4, &share);
    NP_ADD(dev->fast[NP_FAST_IPV6_TCP], 1);
  } else {
    NP_ADD(dev->fast[NP_FAST_IPV6_UDP], 1);
  }
  if (np_config.replay)
    cold->replay_last_ns = skb->tstamp;
  np_add_plain(skb, hot, &share, ip->hop_limit, (bpf_ntohl(ip->version_class_label) >> 22) & 0x3f);
  return NP_HIT;
}

/* Counts the packet in its flow and with its interface's classes, if it is
 * plain and the cache has its flow. `length`: of the frame. */
static __always_inline enum np_hit np_hit(struct __sk_buff *skb, enum np_link_type link,
                                          __u32 length, struct np_device_stats *dev, __u32 cpu,
                                          __u32 ifindex, __u32 direction) {
  const void *data = (const void *)(long)skb->data;
  const void *end = (const void *)(long)skb->data_end;
  const __u32 l3_off = link == NP_LINK_ETHERNET ? sizeof(struct np_eth) : 0;
  const struct np_eth *eth = data;
  const void *l3 = data + l3_off;
  __u8 begin;

  if (l3 + sizeof(struct np_ipv4) + sizeof(struct np_udp) > end || skb->vlan_present ||
      length < l3_off)
    return NP_HIT_NONE;
  begin = *(const __u8 *)l3;
  if (begin == 0x45 && (link == NP_LINK_IP || eth->type == bpf_htons(ETH_IPV4)))
    return np_hit4(skb, l3, end, l3_off, length - l3_off, dev, cpu, ifindex, direction);
  if (begin >> 4 == 6 && (link == NP_LINK_IP || eth->type == bpf_htons(ETH_IPV6)))
    return np_hit6(skb, dev, l3_off, direction);
  return NP_HIT_NONE;
}

#endif
