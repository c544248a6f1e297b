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

/* The way of a set that an id is in; NP_FLOW_WAYS: none. A global function is
 * verified once, by itself, and leaves the caller one state to go on with. */
__noinline __u32 np_search(__u32 index, __u64 id0, __u64 id1) {
  const struct np_flow_set *set = bpf_map_lookup_elem(&flow_stats, &index);
  struct np_id id = {{id0, id1}};

  if (!set)
    return NP_FLOW_WAYS;
#pragma unroll
  for (__u32 i = 0; i < NP_FLOW_WAYS; i++) {
    if (np_is_id(&set->way[i], &id))
      return i;
  }
  return NP_FLOW_WAYS;
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
  struct np_flow_set *set;
  struct np_flow_hot *hot;
  struct np_words k = {}; /* IPv6's; the verifier of 6.1 wants it set either way */
  struct np_id id;
  __u32 ip_len, header, index, way, payload = 0;
  __u64 hash, addresses = 0;
  __u8 ttl, dscp, proto;
  int class;

  if (l3 + sizeof(struct np_ipv4) + sizeof(struct np_udp) > end || skb->gso_size ||
      ifindex >> NP_ID_IFINDEX_BITS)
    return NP_HIT_NONE;
  if (likely(*(const __u8 *)l3 == 0x45)) {
    const struct np_ipv4 *ip = l3;

    if (ip->frag & bpf_htons(NP_IPV4_MF | NP_IPV4_OFFSET))
      return NP_HIT_NONE;
    __builtin_memcpy(&addresses, ip->src, 8);
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
  __u32 both = *(const __u32 *)ports;

  if (ip_len > room || ip_len < header + sizeof(struct np_udp))
    return NP_HIT_NONE;
  if (np_config.tunnels && !tcp && np_is_tunnel_port(bpf_ntohs(ports->dst)))
    return NP_HIT_TUNNEL;
  if (likely(header == sizeof(struct np_ipv4))) {
    id = np_narrow_id(addresses, both, ifindex, tcp != 0, direction);
  } else {
    k.w[4] = np_key_word4(both, proto, direction);
    k.w[5] = ifindex;
    id = np_wide_id(&k);
  }

  hash = np_hash(&id);
  index = cpu * (np_config.set_mask + 1) + np_set_of(hash);
  set = bpf_map_lookup_elem(&flow_stats, &index);
  if (!set)
    return NP_HIT_NONE;
  way = np_home(hash);
  hot = &set->way[way];
  if (unlikely(!np_is_id(hot, &id))) {
    way ^= 1; /* in the same line */
    hot = &set->way[way];
    if (unlikely(!np_is_id(hot, &id))) {
      way ^= 3;
      hot = &set->way[way];
      if (!np_is_id(hot, &id)) {
        way ^= 1;
        hot = &set->way[way];
        if (!np_is_id(hot, &id)) {
          /* its second set: one flow of sixteen in a cache that is full by two
           * thirds */
          index = np_other_set(cpu, index, hash);
          way = np_search(index, id.w[0], id.w[1]);
          set = bpf_map_lookup_elem(&flow_stats, &index);
          if (!set || way >= NP_FLOW_WAYS)
            return NP_HIT_NONE;
        }
      }
    }
  }
  /* The verifiers of 5.10 and 6.1 lose the bound on the way here: the mask is
   * theirs, and the asm keeps the compiler from dropping it. */
  asm volatile("" : "+r"(way));
  way &= NP_FLOW_WAYS - 1;
  hot = &set->way[way];
  if (tcp || header != sizeof(struct np_ipv4) || np_config.replay) {
    struct np_flow_details *details = bpf_map_lookup_elem(&flow_details, &index);
    struct np_flow_cold *cold;

    if (!details)
      return NP_HIT_NONE;
    cold = &details->way[way];
    if (header != sizeof(struct np_ipv4) && !np_is_key(&cold->key, &k))
      return NP_HIT_NONE;
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
  hot->bytes_ttl_dscp = np_next_bytes(hot->bytes_ttl_dscp, ip_len, ttl, dscp);
  hot->last = np_now_coarse(skb);
  return class;
}

#endif
