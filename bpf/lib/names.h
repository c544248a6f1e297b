/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Tells user space of DNS messages, and of addresses that are claimed by ARP and
 * IPv6 neighbour discovery. Only those packets come here, and of a flood of them
 * as many as their budget allows: the rest is counted.
 */
#ifndef NETPROBE_BPF_LIB_NAMES_H
#define NETPROBE_BPF_LIB_NAMES_H

#include "../abi/name_abi.h"
#include "flow_cache.h"
#include "slow_path.h"
#include "tunnel_stats.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4 << 10);
} name_events SEC(".maps");

/* One entry a CPU, memory-mapped. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_name_stats);
} name_stats SEC(".maps");

/* The ring has no map to be typed by: see maps.h. */
const struct np_dns_event *np_type_dns_event __attribute__((unused));
const struct np_neighbour_event *np_type_neighbour_event __attribute__((unused));

#define NP_DNS_HEADER 12
#define NP_ARP_LENGTH 28 /* of Ethernet and IPv4 */
#define NP_ND_LENGTH 24  /* up to the target's address (RFC 4861 4.3, 4.4) */
#define NP_ND_SOLICIT 135
#define NP_ND_ADVERTISE 136
#define NP_ND_HOP_LIMIT 255 /* else it came from another link, and is none */

/* Counts what is less than the least message of its kind. */
static __always_inline void np_name_too_short(const __u32 kind) {
  __u32 cpu = bpf_get_smp_processor_id();
  struct np_name_stats *stats = bpf_map_lookup_elem(&name_stats, &cpu);

  if (stats)
    NP_ADD(stats->too_short[kind], 1);
}

/* Counts the message. Where it may be told: the stats that say so; else 0. */
static __always_inline struct np_name_stats *np_name_may(const __u32 kind, const __u32 budget,
                                                         __u64 now) {
  __u32 cpu = bpf_get_smp_processor_id();
  struct np_name_stats *stats = bpf_map_lookup_elem(&name_stats, &cpu);
  __u64 window = now >> NP_NAME_WINDOW_SHIFT;

  if (!stats)
    return 0;
  NP_ADD(stats->seen[kind], 1);
  if (stats->window[budget] != window) {
    stats->window[budget] = window;
    stats->taken[budget] = 0;
  }
  if (stats->taken[budget] >= np_config.names) {
    NP_ADD(stats->over_budget[budget], 1);
    return 0;
  }
  stats->taken[budget]++;
  return stats;
}

/* The reader comes by itself; it is woken where it would come too late. */
static __always_inline __u64 np_name_wake(void) {
  return bpf_ringbuf_query(&name_events, BPF_RB_AVAIL_DATA) >
                 bpf_ringbuf_query(&name_events, BPF_RB_RING_SIZE) / 2
             ? BPF_RB_FORCE_WAKEUP
             : BPF_RB_NO_WAKEUP;
}

/*
 * A UDP packet from or to the port of DNS, of which the scratch's first layer and
 * payload_off are all that was found. What stands from here on are global functions:
 * verified once, and not for every way that leads to them.
 */
__noinline int np_tell_dns(struct __sk_buff *skb) {
  struct np_scratch *s = np_scratch();
  const struct np_layer *l;
  struct np_name_stats *stats;
  struct np_dns_event *event;
  __u32 payload, end, length;
  __u64 now;

  if (!s)
    return 0;
  l = &s->layer[0];
  payload = s->payload_off;
  end = l->l3_off + l->ip_len;
  if (end < payload + NP_DNS_HEADER) {
    np_name_too_short(NP_NAME_DNS);
    return 0;
  }
  now = np_now_jiffy(skb);
  stats = np_name_may(NP_NAME_DNS, NP_NAME_BUDGET_DNS, now);
  if (!stats)
    return 0;
  event = bpf_ringbuf_reserve(&name_events, sizeof(*event), 0);
  if (!event) {
    NP_ADD(stats->ring_full, 1);
    return 0;
  }
  event->head.timestamp = now;
  __builtin_memcpy(event->head.src_ip, l->key.src_ip, 16);
  __builtin_memcpy(event->head.dst_ip, l->key.dst_ip, 16);
  event->head.ifindex = l->key.ifindex;
  event->head.src_port = l->key.src_port;
  event->head.dst_port = l->key.dst_port;
  event->head.vlan = l->vlan;
  event->head.kind = NP_NAME_DNS;
  event->head.direction = l->key.where & NP_WHERE_EGRESS ? NP_EGRESS : NP_INGRESS;
  length = end - payload;
  event->head.length = length > 0xffff ? 0xffff : length;
  if (length > NP_DNS_BYTES)
    length = NP_DNS_BYTES;
  event->head.captured = length;
  /* Kernels before 5.16 forget the bounds of what they had to put aside: they are
   * told again, in a form that is right for every number. */
  asm volatile("" : "+r"(length));
  length = ((length - 1) & (NP_DNS_BYTES - 1)) + 1;
  if (bpf_skb_load_bytes(skb, payload, event->data, length))
    event->head.captured = 0;
  bpf_ringbuf_submit(event, np_name_wake());
  return 0;
}

/* An ARP packet, or a message of neighbour discovery in the only IP layer, that
 * begins at `offset` and is `length` long. */
__noinline int np_tell_neighbour(struct __sk_buff *skb, __u32 direction, __u32 offset,
                                 __u32 length) {
  struct np_scratch *s = np_scratch();
  struct np_neighbour_event *event;
  struct np_name_stats *stats;
  __u64 now;

  if (!s)
    return 0;
  now = np_now_jiffy(skb);
  stats = s->layers ? np_name_may(NP_NAME_ND, NP_NAME_BUDGET_NEIGHBOUR, now)
                    : np_name_may(NP_NAME_ARP, NP_NAME_BUDGET_NEIGHBOUR, now);
  if (!stats)
    return 0;
  event = bpf_ringbuf_reserve(&name_events, sizeof(*event), 0);
  if (!event) {
    NP_ADD(stats->ring_full, 1);
    return 0;
  }
  __builtin_memset(&event->head, 0, sizeof(event->head));
  event->head.timestamp = now;
  event->head.ifindex = skb->ifindex;
  event->head.vlan = s->vlan;
  event->head.direction = direction;
  event->head.kind = NP_NAME_ARP;
  if (s->layers) {
    event->head.kind = NP_NAME_ND;
    __builtin_memcpy(event->head.src_ip, s->layer[0].key.src_ip, 16);
    __builtin_memcpy(event->head.dst_ip, s->layer[0].key.dst_ip, 16);
  }
  event->head.length = length > 0xffff ? 0xffff : length;
  if (length > NP_NEIGHBOUR_BYTES)
    length = NP_NEIGHBOUR_BYTES;
  event->head.captured = length;
  asm volatile("" : "+r"(length));
  length = ((length - 1) & (NP_NEIGHBOUR_BYTES - 1)) + 1;
  if (bpf_skb_load_bytes(skb, offset, event->data, length))
    event->head.captured = 0;
  bpf_ringbuf_submit(event, np_name_wake());
  return 0;
}

/* Of a packet that the slow path took: what is outside of all tunnels. */
__noinline int np_names_slow(struct __sk_buff *skb, __u32 direction) {
  struct np_scratch *s = np_scratch();
  const struct np_layer *l;
  __u32 off, end; /* of an ICMPv6 message */

  if (!s)
    return 0;
  l = &s->layer[0];
  off = s->payload_off - 8;
  end = l->l3_off + l->ip_len;
  if (s->layers == 0) {
    if (s->classes & (1ULL << NP_PKT_ARP)) {
      if (s->length >= s->off + NP_ARP_LENGTH)
        np_tell_neighbour(skb, direction, s->off, NP_ARP_LENGTH);
      else
        np_name_too_short(NP_NAME_ARP);
    }
    return 0;
  }
  if (s->layers != 1)
    return 0;
  if (l->key.proto == IPPROTO_UDP) {
    /* Of a fragment neither is all there, nor is a later one's beginning a header. */
    if ((l->key.src_port == NP_DNS_PORT || l->key.dst_port == NP_DNS_PORT) && !l->fragment)
      np_tell_dns(skb);
  } else if (l->key.proto == IPPROTO_ICMPV6 && l->ttl == NP_ND_HOP_LIMIT &&
             (l->icmp == NP_ND_SOLICIT << 8 || l->icmp == NP_ND_ADVERTISE << 8)) {
    if (end >= off + NP_ND_LENGTH)
      np_tell_neighbour(skb, direction, off, end - off);
    else
      np_name_too_short(NP_NAME_ND);
  }
  return 0;
}

#endif
