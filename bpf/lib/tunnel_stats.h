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

/* A key as the words that the kernel compares: one that is read before the
 * stores of its parts have left the store buffer stalls. */
union np_tunnel_words {
  struct np_tunnel_key key;
  __u64 w[6];
};

static __always_inline void np_tunnel_tell(struct np_run *run, const struct np_tunnel_key *key,
                                           const struct np_layer *outer,
                                           const struct np_layer *inner) {
  struct np_tunnel_event *event = bpf_ringbuf_reserve(&vxlan_events, sizeof(*event), 0);

  if (!event) {
    np_class(run->cpu, NP_PKT_TUNNEL_EVENT_LOST);
    return;
  }
  event->timestamp = np_now_precise(run->skb);
  __builtin_memcpy(event->outer_src_ip, key->outer_src_ip, 16);
  __builtin_memcpy(event->outer_dst_ip, key->outer_dst_ip, 16);
  if (inner) {
    __builtin_memcpy(event->inner_src_ip, inner->key.src_ip, 16);
    __builtin_memcpy(event->inner_dst_ip, inner->key.dst_ip, 16);
    event->inner_proto = inner->key.proto;
  } else {
    __builtin_memset(event->inner_src_ip, 0, 16);
    __builtin_memset(event->inner_dst_ip, 0, 16);
    event->inner_proto = 0;
  }
  event->vni = key->vni;
  event->packet_len = outer->ip_len;
  event->ifindex = key->ifindex;
  event->kind = key->kind;
  event->direction = key->direction;
  event->reserved = 0;
  bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

/* Makes the row of a tunnel that has none, and tells of it, or counts that
 * there is no room. 1 where there is a row now. */
static __noinline int np_tunnel_begin(struct np_run *run, struct np_scratch *s, __u32 i,
                                      const struct np_tunnel_key *key) {
  const struct np_layer *outer = np_layer_at(s, i);
  const struct np_layer *inner = i + 1 < s->layers ? np_layer_at(s, i + 1) : 0;
  struct np_tunnel_stats none = {};
  struct np_packet_stats *all;

  if (!outer)
    return 0;
  none.first_seen = np_now_jiffy(run->skb);
  /* Another CPU may be first: then it is here now, and it told. */
  if (!bpf_map_update_elem(&vxlan_stats, key, &none, BPF_NOEXIST))
    np_tunnel_tell(run, key, outer, inner);
  if (bpf_map_lookup_elem(&vxlan_stats, key))
    return 1;
  all = np_stats(run->cpu);
  if (all)
    NP_ADD(all->count[NP_PKT_TUNNEL_FOLDED], run->segs);
  return 0;
}

/* Counts layer `i` of a parsed packet, which is the outside of a tunnel. */
static __always_inline void np_tunnel_count(struct np_run *run, struct np_scratch *s, __u32 i) {
  const struct np_layer *outer = np_layer_at(s, i);
  const struct np_layer *inner = i + 1 < s->layers ? np_layer_at(s, i + 1) : 0;
  struct np_tunnel_stats *stats;
  union np_tunnel_words k;

  if (!outer)
    return;
  __builtin_memcpy(&k.w[0], outer->key.src_ip, 16);
  __builtin_memcpy(&k.w[2], outer->key.dst_ip, 16);
  k.w[4] = (inner ? inner->key.vni : s->vni) | (__u64)outer->key.ifindex << 32;
  k.w[5] = outer->carries | (__u64)(outer->key.where & NP_WHERE_EGRESS) << 8;
  stats = bpf_map_lookup_elem(&vxlan_stats, &k.key);
  if (unlikely(!stats)) {
    if (!np_tunnel_begin(run, s, i, &k.key))
      return;
    stats = bpf_map_lookup_elem(&vxlan_stats, &k.key);
    if (!stats)
      return;
  }
  NP_ADD(stats->packets, run->segs);
  NP_ADD(stats->bytes, outer->ip_len + (run->segs - 1) * (__u64)(run->payload_off - outer->l3_off));
  stats->last_seen = np_now_jiffy(run->skb);
  if (outer->fragment)
    NP_ADD(stats->fragments, 1);
}

/* Of a packet that the slow path took. */
static __noinline int np_tunnel_count_slow(struct np_run *run, struct np_scratch *s, __u32 i) {
  np_tunnel_count(run, s, i);
  return 0;
}

static __always_inline void np_tunnels(struct np_run *run, struct np_scratch *s) {
  if (!np_config.tunnel_stats)
    return;
#pragma unroll
  for (__u32 i = 0; i < NP_LAYERS - 1; i++) {
    if (i < s->layers && s->layer[i].carries)
      np_tunnel_count_slow(run, s, i);
  }
}

#endif
