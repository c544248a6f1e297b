/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The flow program: counts a packet for its interface, finds its IP layers and
 * counts each in its flow. It never changes or drops a packet: its answer is
 * always "next program".
 */
#ifndef NETPROBE_BPF_LIB_FLOW_TC_H
#define NETPROBE_BPF_LIB_FLOW_TC_H

#include "maps.h"

#include "fast_path.h"
#include "flow_cache.h"
#include "hit_path.h"
#include "icmp_error.h"
#include "names.h"
#include "slow_path.h"
#include "tunnel_stats.h"

/* TCX_NEXT and, for clsact, TC_ACT_UNSPEC: the same number. */
#define NP_NEXT_PROGRAM (-1)

/* Slot of an interface, `probe` from its home. */
static __always_inline struct np_device_stats *np_device_at(__u32 cpu, __u32 ifindex,
                                                            __u32 direction, __u32 probe) {
  __u32 mask = np_config.device_mask;
  __u32 index = cpu * (mask + 1) + ((ifindex + probe) & mask);
  struct np_device *device = bpf_map_lookup_elem(&device_stats, &index);

  return device && device->dir[direction].ifindex == ifindex ? &device->dir[direction] : 0;
}

/* Not at home: out of the way of those that are. */
static __noinline struct np_device_stats *np_device_far(__u32 cpu, __u32 ifindex, __u32 direction) {
  struct np_device_stats *dev = 0;

#pragma unroll
  for (__u32 probe = 1; probe < NP_DEVICE_PROBES && !dev; probe++)
    dev = np_device_at(cpu, ifindex, direction, probe);
  return dev;
}

/* Slot of an interface. User space puts it within NP_DEVICE_PROBES of its home
 * and attaches only then. */
static __always_inline struct np_device_stats *np_device(__u32 cpu, __u32 ifindex,
                                                         __u32 direction) {
  struct np_device_stats *dev = np_device_at(cpu, ifindex, direction, 0);

  return likely(dev) ? dev : np_device_far(cpu, ifindex, direction);
}

static __always_inline void np_super_packet(struct np_run *run, __u32 length) {
  __u32 more;

  run->segs = np_segments(run->skb, length, run->payload_off);
  more = run->segs - 1;
  np_class(run->cpu, NP_PKT_GSO);
  NP_ADD(run->dev->gso_extra_packets, more);
  NP_ADD(run->dev->gso_extra_bytes, (__u64)more * run->payload_off);
}

static __always_inline void np_point(struct np_layer *l, __u32 ifindex, __u32 direction) {
  l->key.ifindex = ifindex;
  l->key.where |= direction == NP_EGRESS ? NP_WHERE_EGRESS : 0;
}

static __noinline int np_flow_count_slow(struct np_run *run, const struct np_layer *l) {
  np_flow_count(run, l);
  return 0;
}

static __always_inline void np_slow_classes(__u32 cpu, __u64 classes) {
  struct np_packet_stats *stats = np_stats(cpu);

  if (!stats)
    return;
  /* the transports are counted where they are known */
#pragma unroll
  for (int class = NP_PKT_IPV4; class <= NP_PKT_IPIP; class ++) {
    if (classes & (1ULL << class))
      NP_ADD(stats->count[class], 1);
  }
}

static __noinline int np_slow(struct np_run *run, enum np_link_type link, __u32 direction,
                              __u32 length) {
  struct __sk_buff *skb = run->skb;
  __u32 ifindex = NP_CTX_OR(skb->mark, skb->ifindex);
  struct np_scratch *s = np_scratch();
  int done = 0;

  if (!s)
    return 0;
  np_class(run->cpu, NP_PKT_SLOW_PATH);
  if (!NP_TRY_TAKE(s->busy)) {
    np_class(run->cpu, NP_PKT_SET_BUSY);
    np_unattributed(run, 0, NP_UNATTR_CACHE);
    return 0;
  }
  np_parse_begin(s, link == NP_LINK_ETHERNET ? NP_NEXT_ETHERNET : NP_NEXT_IP, length);
  if (skb->vlan_present)
    np_tag(s, skb->vlan_tci);

  for (int i = 0; i < NP_MAX_HEADERS && !done; i++)
    done = np_slow_step(skb);

  run->payload_off = s->payload_off;
  if (skb->gso_size)
    np_super_packet(run, length);
  np_slow_classes(run->cpu, s->classes);
  if (s->layers == 0) {
    enum np_unattributed cause = !done       ? NP_UNATTR_TOO_DEEP
                                 : s->not_ip ? NP_UNATTR_NON_IP
                                             : NP_UNATTR_MALFORMED;

    np_class(run->cpu, s->not_ip ? NP_PKT_NON_IP : NP_PKT_MALFORMED);
    np_unattributed(run, 0, cause);
    if (np_config.names)
      np_names_slow(skb, direction);
    NP_RELEASE(s->busy);
    return 0;
  }
  np_class(run->cpu, np_l4_class(s->layer[0].key.proto));
  if (s->failed) { /* a tunnel around what is no packet */
    NP_ADD(run->dev->inner_packets, run->segs);
    NP_ADD(run->dev->inner_unattributed, run->segs);
  }
#pragma unroll
  for (__u32 i = 0; i < NP_LAYERS; i++) {
    if (i < s->layers) {
      np_point(&s->layer[i], ifindex, direction);
      if (i)
        NP_ADD(run->dev->inner_packets, run->segs);
      np_flow_count_slow(run, &s->layer[i]);
    }
  }
  np_tunnels(run, s);
  if (np_config.names)
    np_names_slow(skb, direction);
  if (s->quote_off)
    np_icmp_error(run, s);
  NP_RELEASE(s->busy);
  return 0;
}

/* Bytes from a VXLAN packet's outer IP header to its inner one, IPv4 outside. */
#define NP_VXLAN_OVER_IPV4 \
  (sizeof(struct np_ipv4) + sizeof(struct np_udp) + sizeof(struct np_vxlan) + sizeof(struct np_eth))

/*
 * VXLAN over IPv4 is what a cluster's uplink mostly carries: its inner packet
 * is read in place too. *outer is done, its port is VXLAN's. 0: not for this
 * path after all.
 */
static __always_inline int np_fast_vxlan(const void *l3, const void *end, __u32 l3_off,
                                         __u32 length, const struct np_layer *outer,
                                         struct np_layer *inner, __u32 *payload_off) {
  const struct np_vxlan *vxlan = l3 + sizeof(struct np_ipv4) + sizeof(struct np_udp);
  const struct np_eth *eth = (const void *)(vxlan + 1);
  __u32 inner_off = l3_off + NP_VXLAN_OVER_IPV4;

  if ((const void *)(eth + 1) > end || !(vxlan->flags & NP_VXLAN_I) || length < inner_off)
    return 0;
  if (eth->type != bpf_htons(ETH_IPV4) && eth->type != bpf_htons(ETH_IPV6))
    return 0;
  np_layer_init(inner);
  inner->key.vni = bpf_ntohl(vxlan->vni) >> 8;
  inner->key.where = 1 << NP_WHERE_DEPTH_SHIFT;
  inner->tunnel = NP_TUNNEL_VXLAN;
  __builtin_memcpy(inner->outer_src_ip, outer->key.src_ip, 16);
  __builtin_memcpy(inner->outer_dst_ip, outer->key.dst_ip, 16);
  if (np_fast_ip(l3 + NP_VXLAN_OVER_IPV4, end, inner_off, length - inner_off, inner, payload_off) <
      0)
    return 0;
  /* A tunnel in a tunnel. */
  return !(inner->key.proto == IPPROTO_UDP && np_is_tunnel_port(inner->key.dst_port));
}

/* What is to be done with a packet. */
enum np_verdict {
  NP_DONE,   /* counted */
  NP_TUNNEL, /* UDP to a tunnel's port: np_vxlan may have it */
  NP_SLOW,   /* the slow path's */
};

/* Both layers stand in per-CPU memory: two on the stack would be too much. */
static __noinline int np_vxlan(struct np_run *run, enum np_link_type link, __u32 direction,
                               __u32 length) {
  struct __sk_buff *skb = run->skb;
  const void *data = (const void *)(long)skb->data;
  const void *end = (const void *)(long)skb->data_end;
  __u32 l3_off = link == NP_LINK_ETHERNET ? sizeof(struct np_eth) : 0;
  __u32 ifindex = NP_CTX_OR(skb->mark, skb->ifindex);
  struct np_scratch *s = np_scratch();
  struct np_layer *outer, *inner;

  if (!s || length < l3_off || !NP_TRY_TAKE(s->busy))
    return NP_SLOW;
  outer = &s->layer[0];
  inner = &s->layer[1];
  np_layer_init(outer);
  outer->key.vni = 0;
  outer->key.where = 0;
  if (np_fast_ip(data + l3_off, end, l3_off, length - l3_off, outer, &run->payload_off) !=
          NP_FAST_IPV4_UDP ||
      !np_is_port(np_config.vxlan_port, outer->key.dst_port) ||
      !np_fast_vxlan(data + l3_off, end, l3_off, length, outer, inner, &run->payload_off)) {
    NP_RELEASE(s->busy);
    return NP_SLOW;
  }
  if (skb->gso_size)
    np_super_packet(run, length);
  np_point(outer, ifindex, direction);
  np_point(inner, ifindex, direction);
  NP_ADD(run->dev->fast[NP_FAST_IPV4_UDP], 1);
  np_class(run->cpu, NP_PKT_VXLAN);
  outer->carries = NP_TUNNEL_VXLAN;
  NP_ADD(run->dev->inner_packets, run->segs);
  np_flow_count_slow(run, outer);
  np_flow_count_slow(run, inner);
  if (np_config.tunnel_stats) {
    s->layers = 2;
    np_tunnel_count(run, s, 0);
  }
  NP_RELEASE(s->busy);
  return NP_DONE;
}

/* A packet of the fast parser, from its start; run->dev has counted it. What is
 * not done the caller goes on with. Answers an enum np_verdict. The layer is in
 * per-CPU memory because all frames of a call chain share 512 bytes. */
static __noinline int np_fast(struct np_run *run, enum np_link_type link, __u32 direction,
                              __u32 length) {
  struct __sk_buff *skb = run->skb;
  const void *data = (const void *)(long)skb->data;
  const void *end = (const void *)(long)skb->data_end;
  __u32 l3_off = link == NP_LINK_ETHERNET ? sizeof(struct np_eth) : 0;
  __u32 ifindex = NP_CTX_OR(skb->mark, skb->ifindex);
  struct np_scratch *s = np_scratch();
  struct np_layer *layer;
  int verdict = NP_SLOW;
  int fast;

  if (!s || skb->vlan_present || length < l3_off)
    return NP_SLOW;
  if (!np_is_bare_ip(data, end, link) || !NP_TRY_TAKE(s->busy))
    return NP_SLOW;
  layer = &s->layer[0];
  np_layer_init(layer);
  fast = np_fast_ip(data + l3_off, end, l3_off, length - l3_off, layer, &run->payload_off);
  if (fast < 0)
    goto out;
  layer->key.vni = 0;
  layer->key.where = 0;
  np_point(layer, ifindex, direction);
  verdict = NP_TUNNEL;
  if (np_config.tunnels && layer->key.proto == IPPROTO_UDP &&
      unlikely(np_is_tunnel_port(layer->key.dst_port)))
    goto out;
  verdict = NP_DONE;
  if (skb->gso_size)
    np_super_packet(run, length);
  NP_ADD(run->dev->fast[fast & (NP_FAST_CLASSES - 1)], 1);
  np_flow_count(run, layer);
  if (np_config.names && layer->key.proto == IPPROTO_UDP &&
      unlikely(layer->key.src_port == NP_DNS_PORT || layer->key.dst_port == NP_DNS_PORT)) {
    s->payload_off = run->payload_off;
    np_tell_dns(skb);
  }
out:
  NP_RELEASE(s->busy);
  return verdict;
}

static __always_inline int np_flow_packet(struct __sk_buff *skb, enum np_link_type link,
                                          __u32 direction) {
  __u32 length = NP_CTX_OR(skb->wire_len, skb->len);
  __u32 ifindex = NP_CTX_OR(skb->mark, skb->ifindex);
  __u32 cpu = bpf_get_smp_processor_id();
  struct np_device_stats *dev = np_device(cpu, ifindex, direction);

  if (unlikely(!dev)) {
    np_class(cpu, NP_PKT_UNKNOWN_DEV);
    return NP_NEXT_PROGRAM;
  }
  NP_ADD(dev->packets, 1);
  NP_ADD(dev->bytes, length);

  int next = NP_SLOW;
/* On PREEMPT_RT a slot may change hands between the comparison and the adds. */
#ifndef NP_PREEMPT_RT
  enum np_hit hit = np_hit(skb, link, length, dev, cpu, ifindex, direction);

  if (likely(hit == NP_HIT))
    return NP_NEXT_PROGRAM;
  if (hit == NP_HIT_TUNNEL)
    next = NP_TUNNEL;
#endif
  struct np_run run = {.skb = skb, .dev = dev, .cpu = cpu, .segs = 1};

  if (next != NP_TUNNEL)
    next = np_fast(&run, link, direction, length);
  if (next == NP_TUNNEL)
    next = np_vxlan(&run, link, direction, length);
  if (next == NP_SLOW)
    np_slow(&run, link, direction, length);
  return NP_NEXT_PROGRAM;
}

#endif
