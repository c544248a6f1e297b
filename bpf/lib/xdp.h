/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The XDP program: counts a frame for its interface and by what it is, with
 * the parser of the flow program. It passes every frame on; the build with
 * NP_XDP_BLOCK drops what block.h says. Two builds rather than a switch: the
 * one that only counts has none of the other's maps.
 */
#ifndef NETPROBE_BPF_LIB_XDP_H
#define NETPROBE_BPF_LIB_XDP_H

#define NP_XDP
#include "../abi/xdp_abi.h"
#include "compiler.h"

const volatile struct np_xdp_config np_config = {};

#include "fast_path.h"
#include "slow_path.h"
#ifdef NP_XDP_BLOCK
#include "block.h"
#else
#define np_block(layer, length) 0
#endif

/* (device_mask + 1) interfaces a CPU, memory-mapped by user space, which claims
 * a slot by writing its ifindex before it attaches the program there. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_xdp_stats);
} xdp_stats SEC(".maps");

static __always_inline struct np_xdp_stats *np_xdp_device(__u32 ifindex) {
  __u32 first = bpf_get_smp_processor_id() * (np_config.device_mask + 1);

#pragma unroll
  for (__u32 i = 0; i < NP_DEVICE_PROBES; i++) {
    __u32 index = first + ((ifindex + i) & np_config.device_mask);
    struct np_xdp_stats *stats = bpf_map_lookup_elem(&xdp_stats, &index);

    if (!stats)
      return 0;
    if (stats->ifindex == ifindex)
      return stats;
  }
  return 0;
}

/* Parses the frame into s->layer[0] and counts its classes. 0 where it has no
 * IP layer. */
static __noinline int np_xdp_slow(struct xdp_md *ctx, struct np_xdp_stats *stats,
                                  struct np_scratch *s, __u32 length) {
  __u64 classes;
  int done = 0;

  np_parse_begin(s, NP_NEXT_ETHERNET, length);
  for (int i = 0; i < NP_MAX_HEADERS && !done; i++)
    done = np_slow_step(ctx);
  NP_ADD(stats->classes[NP_PKT_SLOW_PATH], 1);
  /* Of the frame, not of what a tunnel has inside. */
  classes = s->classes & ~(1ULL << NP_PKT_IPV4 | 1ULL << NP_PKT_IPV6);
  if (s->layers)
    classes &= ~(1ULL << NP_PKT_ARP);
#pragma unroll
  for (int class = NP_PKT_ARP; class <= NP_PKT_IPIP; class ++) {
    if (classes & (1ULL << class))
      NP_ADD(stats->classes[class], 1);
  }
  if (s->layers == 0) {
    if (s->not_ip)
      NP_ADD(stats->classes[NP_PKT_NON_IP], 1);
    else
      NP_ADD(stats->classes[NP_PKT_MALFORMED], 1);
    return 0;
  }
  switch (np_l4_class(s->layer[0].key.proto)) {
    case NP_PKT_TCP:
      NP_ADD(stats->classes[NP_PKT_TCP], 1);
      break;
    case NP_PKT_UDP:
      NP_ADD(stats->classes[NP_PKT_UDP], 1);
      break;
    case NP_PKT_ICMP:
      NP_ADD(stats->classes[NP_PKT_ICMP], 1);
      break;
    case NP_PKT_ICMP6:
      NP_ADD(stats->classes[NP_PKT_ICMP6], 1);
      break;
    case NP_PKT_SCTP:
      NP_ADD(stats->classes[NP_PKT_SCTP], 1);
      break;
    default:
      NP_ADD(stats->classes[NP_PKT_OTHER_L4], 1);
      break;
  }
  if (np_load(ctx, s->layer[0].l3_off, s->buf, 1))
    return 1;
  if (s->buf[0] >> 4 == 6)
    NP_ADD(stats->classes[NP_PKT_IPV6], 1);
  else
    NP_ADD(stats->classes[NP_PKT_IPV4], 1);
  return 1;
}

/* 1 where s->layer[0] is the frame's outermost IP layer. */
static __always_inline int np_xdp_parse(struct xdp_md *ctx, struct np_xdp_stats *stats,
                                        struct np_scratch *s, __u32 length) {
  const void *data = (const void *)(long)ctx->data;
  const void *end = (const void *)(long)ctx->data_end;
  struct np_layer *layer = &s->layer[0];
  __u32 payload_off;
  int class;

  if (likely(np_is_bare_ip(data, end, NP_LINK_ETHERNET))) {
    class = np_fast_ip(data + sizeof(struct np_eth), end, sizeof(struct np_eth),
                       length - sizeof(struct np_eth), layer, &payload_off);
    if (class >= 0 && !(np_config.tunnels && layer->key.proto == IPPROTO_UDP &&
                        np_is_tunnel_port(layer->key.dst_port))) {
      NP_ADD(stats->fast[class & (NP_FAST_CLASSES - 1)], 1);
      return 1;
    }
  }
  return np_xdp_slow(ctx, stats, s, length);
}

static __always_inline int np_xdp_packet(struct xdp_md *ctx) {
  struct np_xdp_stats *stats = np_xdp_device(ctx->ingress_ifindex);
  struct np_scratch *s = np_scratch();
  int action = XDP_PASS;
  __u32 length;

  if (!stats || !s)
    return XDP_PASS;
  length =
      np_config.fragmented_frames ? (__u32)bpf_xdp_get_buff_len(ctx) : ctx->data_end - ctx->data;
  NP_ADD(stats->packets, 1);
  NP_ADD(stats->bytes, length);
  if (!NP_TRY_TAKE(s->busy)) {
    NP_ADD(stats->classes[NP_PKT_SET_BUSY], 1);
    return XDP_PASS;
  }
  if (np_xdp_parse(ctx, stats, s, length) && np_block(&s->layer[0], length)) {
    NP_ADD(stats->dropped, 1);
    action = XDP_DROP;
  }
  NP_RELEASE(s->busy);
  return action;
}

#endif
