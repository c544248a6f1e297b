/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Counts packets that are tunnels by what they carry and between whom. Only
 * those packets come here.
 */
#ifndef NETPROBE_BPF_LIB_TUNNEL_STATS_H
#define NETPROBE_BPF_LIB_TUNNEL_STATS_H

#include "../abi/tunnel_abi.h"
#include "flow_cache.h"
#include "slow_path.h"

/* Per CPU: no two CPUs write one line, and no packet pays for an atomic. User
 * space sizes it, and takes out what was quiet for long. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(max_entries, 1);
  __type(key, struct np_tunnel_key);
  __type(value, struct np_tunnel_stats);
} vxlan_stats SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 64 << 10);
} vxlan_events SEC(".maps");

/* The ring has no map to be typed by: see maps.h. */
const struct np_tunnel_event *np_type_tunnel_event __attribute__((unused));

static __always_inline __u64 np_now_jiffy(struct __sk_buff *skb) {
  if (np_config.replay)
    return skb->tstamp;
  return np_clock.zero_ns + bpf_jiffies64() * np_config.tick_ns;
}

static __noinline int np_tunnel_began(struct np_run *run, const struct np_layer *outer,
                                      const struct np_layer *inner, __u32 vni) {
  struct np_tunnel_event *event = bpf_ringbuf_reserve(&vxlan_events, sizeof(*event), 0);

  if (!event) {
    np_class(run->cpu, NP_PKT_TUNNEL_EVENT_LOST);
    return 0;
  }
  event->timestamp = np_now_precise(run->skb);
  __builtin_memcpy(event->outer_src_ip, outer->key.src_ip, 16);
  __builtin_memcpy(event->outer_dst_ip, outer->key.dst_ip, 16);
  if (inner) {
    __builtin_memcpy(event->inner_src_ip, inner->key.src_ip, 16);
    __builtin_memcpy(event->inner_dst_ip, inner->key.dst_ip, 16);
    event->inner_proto = inner->key.proto;
  } else {
    __builtin_memset(event->inner_src_ip, 0, 16);
    __builtin_memset(event->inner_dst_ip, 0, 16);
    event->inner_proto = 0;
  }
  event->vni = vni;
  event->packet_len = outer->ip_len;
  event->ifindex = outer->key.ifindex;
  event->kind = outer->carries;
  event->direction = outer->key.where & NP_WHERE_EGRESS;
  event->reserved = 0;
  bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
  return 0;
}

/* Counts layer `i` of a parsed packet, which is the outside of a tunnel. */
static __noinline int np_tunnel_count(struct np_run *run, struct np_scratch *s, __u32 i) {
  const struct np_layer *outer = np_layer_at(s, i);
  const struct np_layer *inner = i + 1 < s->layers ? np_layer_at(s, i + 1) : 0;
  struct np_tunnel_stats *stats, none = {};
  struct np_tunnel_key key;

  if (!outer)
    return 0;
  __builtin_memcpy(key.outer_src_ip, outer->key.src_ip, 16);
  __builtin_memcpy(key.outer_dst_ip, outer->key.dst_ip, 16);
  key.vni = inner ? inner->key.vni : s->vni;
  key.ifindex = outer->key.ifindex;
  key.kind = outer->carries;
  key.direction = outer->key.where & NP_WHERE_EGRESS;
  __builtin_memset(key.reserved, 0, sizeof(key.reserved));
  stats = bpf_map_lookup_elem(&vxlan_stats, &key);
  if (unlikely(!stats)) {
    /* Another CPU may be first: then it is here now, and it told. */
    none.first_seen = np_now_jiffy(run->skb);
    if (!bpf_map_update_elem(&vxlan_stats, &key, &none, BPF_NOEXIST))
      np_tunnel_began(run, outer, inner, key.vni);
    stats = bpf_map_lookup_elem(&vxlan_stats, &key);
    if (!stats) {
      struct np_packet_stats *all = np_stats(run->cpu);

      if (all)
        NP_ADD(all->count[NP_PKT_TUNNEL_FOLDED], run->segs);
      return 0;
    }
  }
  NP_ADD(stats->packets, run->segs);
  NP_ADD(stats->bytes, outer->ip_len + (run->segs - 1) * (__u64)(run->payload_off - outer->l3_off));
  stats->last_seen = np_now_jiffy(run->skb);
  if (outer->fragment)
    NP_ADD(stats->fragments, 1);
  return 0;
}

/* Every tunnel of a packet that the slow path took. */
static __always_inline void np_tunnels(struct np_run *run, struct np_scratch *s) {
  if (!np_config.tunnel_stats)
    return;
#pragma unroll
  for (__u32 i = 0; i < NP_LAYERS - 1; i++) {
    if (i < s->layers && s->layer[i].carries)
      np_tunnel_count(run, s, i);
  }
}

#endif
