/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The packet that nearly every packet is: TCP or UDP over IPv4 without options
 * or IPv6 without extension headers, in a flow that stands in its first set,
 * with nothing to be remarked about it. It is read, hashed,
 * compared and counted in registers; nothing of it is written to the stack.
 * (The words of a key put together in memory are loaded again before their
 * bytes have left the store buffer, which stalls for longer than the rest of
 * this takes.)
 *
 * Whatever is not that packet is left untouched, and np_fast takes it from
 * the start.
 */
#ifndef NETPROBE_BPF_LIB_HIT_PATH_H
#define NETPROBE_BPF_LIB_HIT_PATH_H

#include "fast_path.h"
#include "flow_cache.h"
#include "headers.h"

/* ::ffff:a.b.c.d, lower half; `address` as in the packet. Little-endian, as
 * NP_KEY_WORD4_MASK is. */
static __always_inline __u64 np_mapped_word(__u32 address) {
  return (__u64)address << 32 | bpf_htonl(0xffff);
}

static __always_inline __u64 np_key_word4(__be32 ports, __u8 proto, __u32 direction) {
  __u32 p = bpf_ntohl(ports);

  p = p >> 16 | p << 16; /* source port low */
  return p | (__u64)proto << 32 | (__u64)(direction == NP_EGRESS ? NP_WHERE_EGRESS : 0) << 40;
}

static __always_inline int np_is_key(const struct np_flow_key *key, const struct np_words *k) {
  const __u64 *x = (const __u64 *)key;

  return ((x[0] ^ k->w[0]) | (x[1] ^ k->w[1]) | (x[2] ^ k->w[2]) | (x[3] ^ k->w[3]) |
          ((x[4] ^ k->w[4]) & NP_KEY_WORD4_MASK) | (x[5] ^ k->w[5])) == 0;
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

#define NP_HIT_NONE (-1)
#define NP_HIT_TUNNEL (-2) /* UDP to a tunnel's port */

/*
 * Counts the packet and returns its class, or returns one of the above and has
 * changed nothing. `room`: bytes of the frame from its network header on.
 */
static __always_inline int np_hit(struct __sk_buff *skb, const void *l3, const void *end,
                                  __u32 room, __u32 cpu, __u32 ifindex, __u32 direction) {
  const struct np_tcp *tcp = 0;
  struct np_flow_details *details = 0;
  struct np_flow_set *set;
  struct np_flow_hot *hot;
  struct np_words k;
  __u32 ip_len, header, index, way, payload = 0;
  __u64 hash;
  __u8 ttl, dscp, proto;
  int class;

  if (l3 + sizeof(struct np_ipv4) + sizeof(struct np_udp) > end || skb->gso_size)
    return NP_HIT_NONE;
  if (*(const __u8 *)l3 == 0x45) {
    const struct np_ipv4 *ip = l3;

    if (ip->frag & bpf_htons(NP_IPV4_MF | NP_IPV4_OFFSET))
      return NP_HIT_NONE;
    k.w[0] = 0;
    k.w[1] = np_mapped_word(*(const __u32 *)ip->src);
    k.w[2] = 0;
    k.w[3] = np_mapped_word(*(const __u32 *)ip->dst);
    proto = ip->proto;
    ttl = ip->ttl;
    dscp = ip->tos >> 2;
    ip_len = bpf_ntohs(ip->total_len);
    header = sizeof(*ip);
    class = NP_FAST_IPV4_TCP;
  } else if (*(const __u8 *)l3 >> 4 == 6) {
    const struct np_ipv6 *ip = l3;

    if (l3 + sizeof(*ip) + sizeof(struct np_udp) > end)
      return NP_HIT_NONE;
    __builtin_memcpy(&k.w[0], ip->src, 16);
    __builtin_memcpy(&k.w[2], ip->dst, 16);
    proto = ip->next;
    ttl = ip->hop_limit;
    dscp = (bpf_ntohl(ip->version_class_label) >> 22) & 0x3f;
    ip_len = bpf_ntohs(ip->payload_len) + sizeof(*ip);
    header = sizeof(*ip);
    class = NP_FAST_IPV6_TCP;
  } else {
    return NP_HIT_NONE;
  }
  if (proto == IPPROTO_TCP) {
    tcp = l3 + header;
    if ((const void *)(tcp + 1) > end || ip_len < header + sizeof(*tcp))
      return NP_HIT_NONE;
    payload = header + (tcp->offset >> 4) * 4;
    payload = ip_len > payload ? ip_len - payload : 0;
  } else if (proto == IPPROTO_UDP) {
    class += NP_FAST_IPV4_UDP - NP_FAST_IPV4_TCP;
  } else {
    return NP_HIT_NONE;
  }
  const struct np_ports *ports = l3 + header;

  if (ip_len > room || ip_len < header + sizeof(struct np_udp))
    return NP_HIT_NONE;
  if (np_config.tunnels && !tcp && np_is_tunnel_port(bpf_ntohs(ports->dst)))
    return NP_HIT_TUNNEL;
  k.w[4] = np_key_word4(*(const __u32 *)ports, proto, direction);
  k.w[5] = ifindex;

  hash = np_hash_words(&k);
  index = cpu * (np_config.set_mask + 1) + np_set_of(hash);
  set = bpf_map_lookup_elem(&flow_stats, &index);
  if (!set)
    return NP_HIT_NONE;
  way = np_home(hash);
  hot = &set->way[way];
  if (unlikely(!np_is_key(&hot->key, &k))) {
    way ^= 1; /* in the same pair of lines */
    hot = &set->way[way];
    if (unlikely(!np_is_key(&hot->key, &k))) {
      way ^= 3;
      hot = &set->way[way];
      if (!np_is_key(&hot->key, &k)) {
        way ^= 1;
        hot = &set->way[way];
        if (!np_is_key(&hot->key, &k))
          return NP_HIT_NONE;
      }
    }
  }
  if (tcp || np_config.replay) {
    struct np_flow_cold *cold;

    details = bpf_map_lookup_elem(&flow_details, &index);
    if (!details)
      return NP_HIT_NONE;
    cold = &details->way[way];
    if (tcp) {
      if (!np_plain_segment(tcp, cold, payload))
        return NP_HIT_NONE;
      cold->tcp_flags |= tcp->flags;
      cold->tcp_next_seq += payload;
    }
    if (np_config.replay)
      cold->replay_last_ns = skb->tstamp;
  }
  hot->packets++;
  hot->bytes += ip_len;
  hot->last = np_now_coarse(skb);
  hot->key.dscp = dscp;
  if (unlikely(ttl < hot->key.min_ttl))
    hot->key.min_ttl = ttl;
  return class;
}

#endif
