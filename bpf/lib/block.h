/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The block stage of the XDP program: docs/response.md. A packet that matches
 * nothing pays for the first test alone; one that may match goes on to
 * np_block_look, which asks the allow list before all else. Whatever cannot be
 * parsed, found or decided passes.
 */
#ifndef NETPROBE_BPF_LIB_BLOCK_H
#define NETPROBE_BPF_LIB_BLOCK_H

#include "../abi/block_abi.h"
#include "fast_path.h"
#include "headers.h"

/* Prefixes in prefixes that are over or only watched, before one gives up. */
#define NP_BLOCK_NESTING 8

/* A section of its own, so that user space can map it by name. */
struct np_block_control np_block_control SEC(".data.block") = {};

/* Sizes are set before load; all but the tries are as user space asks for. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} block_filter SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 2 * NP_NETS4_WORDS);
  __type(key, __u32);
  __type(value, __u64);
} block_nets4 SEC(".maps");

/* One entry a CPU. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_block_stats);
} xdp_block_stats SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, NP_BLOCK_ALLOWED);
  __type(key, struct np_block_prefix);
  __type(value, __u32);
} xdp_allow SEC(".maps");

#define NP_ADDRESS_MAP(name)              \
  struct {                                \
    __uint(type, BPF_MAP_TYPE_HASH);      \
    __uint(map_flags, BPF_F_NO_PREALLOC); \
    __uint(max_entries, 1);               \
    __type(key, __u8[16]);                \
    __type(value, struct np_block_entry); \
  } name SEC(".maps")
#define NP_PREFIX_MAP(name)               \
  struct {                                \
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);  \
    __uint(map_flags, BPF_F_NO_PREALLOC); \
    __uint(max_entries, 1);               \
    __type(key, struct np_block_prefix);  \
    __type(value, struct np_block_entry); \
  } name SEC(".maps")

/* What was blocked one by one, and what a feed brought. */
NP_ADDRESS_MAP(xdp_blocklist);
NP_PREFIX_MAP(xdp_blocknets);
NP_ADDRESS_MAP(xdp_feed);
NP_PREFIX_MAP(xdp_feednets);

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1024);
  __type(key, struct np_limit_key);
  __type(value, struct np_limit);
} xdp_limits SEC(".maps");

#include "syn_proof.h"

static __always_inline int np_filter_has(__u64 high, __u64 low, __u32 tag) {
  __u64 hash = np_block_hash(high, low, np_config.filter_seed, tag), bits = np_block_bits(hash);
  __u32 word = np_block_word(hash, np_config.filter_mask);
  const __u64 *at;

  word += np_block_control.half ? np_config.filter_mask + 1 : 0;
  at = bpf_map_lookup_elem(&block_filter, &word);
  return at && (*at & bits) == bits;
}

static __always_inline int np_nets4_bit(__u32 word, __u32 bit) {
  const __u64 *at;

  word += np_block_control.half ? NP_NETS4_WORDS : 0;
  at = bpf_map_lookup_elem(&block_nets4, &word);
  return at && (*at >> (bit & 63) & 1);
}

/* Is there a prefix in or around the source's /24? */
static __always_inline int np_nets4_has(__be32 source) {
  __u32 address = bpf_ntohl(source);

  return np_nets4_bit(address >> 22, address >> 16) &&
         np_nets4_bit(NP_NETS4_FIRST + (address >> 14), address >> 8);
}

static __always_inline int np_nets6_has(__u64 high) {
  __u64 first32 = high & bpf_cpu_to_be64(0xffffffff00000000ULL);
  __u64 first48 = high & bpf_cpu_to_be64(0xffffffffffff0000ULL);

  return np_filter_has(first32, 0, NP_TAG_NET32) &&
         (np_filter_has(first48, 0, NP_TAG_NET48) || np_filter_has(first32, 0, NP_TAG_NETWIDE));
}

static __always_inline int np_is_mapped(__u64 high, __u64 low) {
  return high == 0 &&
         (low & bpf_cpu_to_be64(0xffffffff00000000ULL)) == bpf_cpu_to_be64(0x0000ffff00000000ULL);
}

static __always_inline int np_is_syn(const struct np_layer *l) {
  /* SYN without ACK, RST and FIN: asks for a connection. */
  return l->key.proto == IPPROTO_TCP && l->has_tcp && (l->tcp_flags & 0x17) == 0x02;
}

/* Which kinds of entries may match: a part of enum np_block_present. */
static __always_inline __u32 np_block_first_test(const struct np_layer *l) {
  __u32 present = np_block_control.first_test, may = 0;
  const __u64 *source = (const __u64 *)l->key.src_ip, *target = (const __u64 *)l->key.dst_ip;

  if (!present)
    return 0;
  if ((present & NP_BLOCK_ADDRESSES) && np_filter_has(source[0], source[1], NP_TAG_SOURCE))
    may |= NP_BLOCK_ADDRESSES;
  if (present & (NP_BLOCK_NETS4 | NP_BLOCK_NETS6)) {
    if (np_is_mapped(source[0], source[1])) {
      if ((present & NP_BLOCK_NETS4) && np_nets4_has(*(const __be32 *)(l->key.src_ip + 12)))
        may |= NP_BLOCK_NETS4;
    } else if ((present & NP_BLOCK_NETS6) && np_nets6_has(source[0])) {
      may |= NP_BLOCK_NETS6;
    }
  }
  if ((present & NP_BLOCK_TARGETS) && np_filter_has(target[0], target[1], NP_TAG_TARGET))
    may |= NP_BLOCK_TARGETS;
  if ((present & NP_BLOCK_SYN) && np_is_syn(l) &&
      np_filter_has(target[0], target[1], NP_TAG_SERVICE))
    may |= NP_BLOCK_SYN;
  return may;
}

struct np_block_look {
  struct np_block_stats *stats;
  const struct np_layer *layer;
  struct np_syn syn;
  __u64 now;
  __u32 length;
  __u32 matched;
};

/* An entry or limit spoke. 1 where the packet is to go. */
static __always_inline int np_block_count(struct np_block_look *look, __u32 cause, __u8 mode) {
  struct np_block_sum *sum;

  look->matched = 1;
  if (cause >= NP_CAUSES)
    return 0;
  sum = mode == NP_BLOCK_ENFORCE ? &look->stats->dropped[cause] : &look->stats->would[cause];
  NP_ADD(sum->packets, 1);
  NP_ADD(sum->bytes, look->length);
  return mode == NP_BLOCK_ENFORCE;
}

static __always_inline int np_block_counts(const struct np_block_entry *entry, __u64 now) {
  return entry->expires_ns > now &&
         (entry->generation == 0 || (entry->generation >= np_block_control.feed_first &&
                                     entry->generation <= np_block_control.feed_last));
}

static __always_inline int np_block_hit(struct np_block_look *look, struct np_block_entry *entry,
                                        __u32 cause) {
  __sync_fetch_and_add(&entry->packets, 1);
  __sync_fetch_and_add(&entry->bytes, look->length);
  return np_block_count(look, cause, entry->mode);
}

static __always_inline int np_block_address(struct np_block_look *look, void *map, __u32 cause) {
  struct np_block_entry *entry = bpf_map_lookup_elem(map, look->layer->key.src_ip);

  return entry && np_block_counts(entry, look->now) && np_block_hit(look, entry, cause);
}

/* The longest prefix that counts decides, unless it only watches: then the
 * next shorter one is asked too, so that a dry run inside a block frees
 * nobody. */
static __always_inline int np_block_network(struct np_block_look *look, void *map, __u32 cause) {
  struct np_block_prefix source = {.length = 128};
  int watched = 0;

  __builtin_memcpy(source.ip, look->layer->key.src_ip, 16);
  for (int i = 0; i < NP_BLOCK_NESTING; i++) {
    struct np_block_entry *entry = bpf_map_lookup_elem(map, &source);

    if (!entry)
      return 0;
    if (np_block_counts(entry, look->now) && !(watched && entry->mode == NP_BLOCK_DRY_RUN)) {
      if (np_block_hit(look, entry, cause))
        return 1;
      watched = 1;
    }
    if (entry->length == 0 || entry->length > 128)
      return 0;
    source.length = entry->length - 1;
  }
  NP_ADD(look->stats->too_deep, 1);
  return 0;
}

/*
 * Takes what the packet costs; 0 where the bucket has too little. Several CPUs
 * may want it at once: who loses the race three times passes, unpaid.
 *
 * With `debt`, what is beyond the limit is counted as well, until so much would
 * have to fill up before anything passes again: while more comes than the limit
 * is for, nothing does. Nobody writes to a bucket that is so deep in debt, so
 * that a flood that comes to all CPUs does not have them fight over it.
 */
static __always_inline int np_limit_take(struct np_block_look *look, struct np_limit *limit,
                                         __u64 debt) {
  __u64 units = limit->per_byte ? look->length : 1;
  __u64 cost = units * limit->unit_ns_2_16 >> 16;
  int over = 0;

#pragma unroll
  for (int i = 0; i < 3; i++) {
    __u64 before = *(volatile __u64 *)&limit->full_ns;
    __u64 full = (before > look->now ? before : look->now) + cost;

    over = full - look->now > limit->burst_ns;
    if (over && full - look->now > limit->burst_ns + debt)
      return 0;
    if (__sync_val_compare_and_swap(&limit->full_ns, before, full) == before)
      return !over;
  }
  if (over)
    return 0;
  NP_ADD(look->stats->contended, 1);
  return 1;
}

static __always_inline int np_limit_ask(struct np_block_look *look, const __u8 *address, __u16 port,
                                        __u16 side, __u32 cause) {
  struct np_limit_key key = {.port = port, .side = side};
  struct np_limit *limit;

  __builtin_memcpy(key.ip, address, 16);
  limit = bpf_map_lookup_elem(&xdp_limits, &key);
  if (!limit || limit->expires_ns <= look->now)
    return 0;
  look->matched = 1;
  /* Believed clients take no tokens: what there are is for new ones. */
  if (side == NP_LIMIT_SYN && limit->mode == NP_BLOCK_ENFORCE &&
      np_syn_is_proven(look->stats, &look->syn, look->layer, look->now))
    return 0;
  if (np_limit_take(look, limit, side == NP_LIMIT_SYN ? NP_SYN_DEBT_NS : 0))
    return 0;
  if (side == NP_LIMIT_SYN && limit->mode == NP_BLOCK_ENFORCE)
    np_syn_remember(look->stats, &look->syn, look->now);
  __sync_fetch_and_add(&limit->over_packets, 1);
  __sync_fetch_and_add(&limit->over_bytes, look->length);
  return np_block_count(look, cause, limit->mode);
}

/* What may match is looked up. 1: drop it. A function of its own, out of the
 * way of packets that match nothing. */
static __noinline int np_block_look_up(const struct np_layer *layer, __u32 may, __u32 length) {
  struct np_block_look look = {.length = length};
  struct np_block_prefix source = {.length = 128};
  __u32 cpu = bpf_get_smp_processor_id();

  /* Global knowledge of the verifier does not reach here. */
  if (!layer)
    return 0;
  look.layer = layer;
  look.stats = bpf_map_lookup_elem(&xdp_block_stats, &cpu);
  if (!look.stats)
    return 0;
  NP_ADD(look.stats->looked, 1);
  if (may & NP_BLOCK_SYN)
    np_syn_begin(&look.syn, layer);
  __builtin_memcpy(source.ip, layer->key.src_ip, 16);
  if (bpf_map_lookup_elem(&xdp_allow, &source)) {
    NP_ADD(look.stats->allowed, 1);
    return 0;
  }
  look.now = bpf_ktime_get_boot_ns();
  if ((may & NP_BLOCK_ADDRESSES) && (np_block_address(&look, &xdp_blocklist, NP_CAUSE_ADDRESS) ||
                                     np_block_address(&look, &xdp_feed, NP_CAUSE_FEED_ADDRESS)))
    return 1;
  if ((may & (NP_BLOCK_NETS4 | NP_BLOCK_NETS6)) &&
      (np_block_network(&look, &xdp_blocknets, NP_CAUSE_NETWORK) ||
       np_block_network(&look, &xdp_feednets, NP_CAUSE_FEED_NETWORK)))
    return 1;
  if ((may & NP_BLOCK_ADDRESSES) &&
      np_limit_ask(&look, layer->key.src_ip, 0, NP_LIMIT_SOURCE, NP_CAUSE_SOURCE_LIMIT))
    return 1;
  if ((may & NP_BLOCK_TARGETS) &&
      np_limit_ask(&look, layer->key.dst_ip, 0, NP_LIMIT_TARGET, NP_CAUSE_TARGET_LIMIT))
    return 1;
  if ((may & NP_BLOCK_SYN) &&
      np_limit_ask(&look, layer->key.dst_ip, layer->key.dst_port, NP_LIMIT_SYN, NP_CAUSE_SYN_LIMIT))
    return 1;
  if (!look.matched)
    NP_ADD(look.stats->clean, 1);
  return 0;
}

/* 1 where the packet is to be dropped. */
static __always_inline int np_block(const struct np_layer *layer, __u32 length) {
  __u32 may = np_block_first_test(layer);

  return unlikely(may) && np_block_look_up(layer, may, length);
}

#endif
