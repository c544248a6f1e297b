/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Who asks for connections in earnest, while there are more SYNs than the
 * limit lets through. A client whose SYN is lost sends the same again within
 * one to three seconds (RFC 6298: the first timeout is 1 s); a flood from
 * invented addresses does not. So the first SYN over the limit is dropped and
 * remembered, its repetition passes, and its source is believed for a while.
 * All state is in maps that push out what was not used longest: a flood costs
 * entries, never memory.
 */
#ifndef NETPROBE_BPF_LIB_SYN_PROOF_H
#define NETPROBE_BPF_LIB_SYN_PROOF_H

#include "../abi/block_abi.h"
#include "compiler.h"
#include "packet.h"

/* Units of 2^22 ns, about 4 ms, counted in 24 bits. */
#define NP_SYN_TIME_SHIFT 22
#define NP_SYN_TIME_MASK 0xffffffULL
#define NP_SYN_AGAIN_FROM 119 /* 0.5 s; sooner is the flood's own repetition */
#define NP_SYN_KEPT 310       /* 1.3 s: so long a newer SYN does not take the slot */
#define NP_SYN_AGAIN_TO 1907  /* 8 s */
#define NP_SYN_BELIEVED_NS 60000000000ULL
#define NP_SYN_SLOTS (1U << 20)

/* First SYNs, direct-mapped, each a word: hash of addresses, ports and sequence
 * number, and the time in the low bits. A plain array cannot be held up by a
 * lock. A slot is kept until its client had the time to repeat: a flood that is
 * faster than all slots together then still leaves a part of new clients in,
 * where overwriting would leave none. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, NP_SYN_SLOTS);
  __type(key, __u32);
  __type(value, __u64);
} xdp_syn_seen SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, __u8[16]);
  __type(value, __u64);
} xdp_syn_proven SEC(".maps");

/* A SYN's slot, and in *who what tells it from others there. */
static __always_inline __u64 *np_syn_slot(const struct np_layer *layer, __u64 *who) {
  const __u64 *source = (const __u64 *)layer->key.src_ip;
  const __u64 *target = (const __u64 *)layer->key.dst_ip;
  __u64 more = (__u64)layer->key.src_port << 48 | (__u64)layer->key.dst_port << 32 | layer->tcp_seq;
  __u64 hash = np_block_hash(source[0], source[1], np_config.filter_seed, 0);
  __u32 slot;

  hash = np_block_hash(target[0] ^ hash, target[1] ^ more, np_config.filter_seed, 0);
  slot = hash & (NP_SYN_SLOTS - 1);
  *who = hash & ~NP_SYN_TIME_MASK;
  return bpf_map_lookup_elem(&xdp_syn_seen, &slot);
}

static __always_inline __u32 np_syn_age(__u64 seen, __u64 now) {
  return ((now >> NP_SYN_TIME_SHIFT) - seen) & NP_SYN_TIME_MASK;
}

/* 1: its source was believed before, or is from now on: it repeats a SYN. */
static __always_inline int np_syn_is_proven(struct np_block_stats *stats,
                                            const struct np_layer *layer, __u64 now) {
  __u64 *until = bpf_map_lookup_elem(&xdp_syn_proven, layer->key.src_ip), believed, who;
  __u64 *slot, seen;
  __u32 age;

  if (until && *until > now)
    return 1;
  slot = np_syn_slot(layer, &who);
  if (!slot)
    return 0;
  seen = *slot;
  age = np_syn_age(seen, now);
  if ((seen & ~NP_SYN_TIME_MASK) != who || age < NP_SYN_AGAIN_FROM || age > NP_SYN_AGAIN_TO)
    return 0;
  believed = now + NP_SYN_BELIEVED_NS;
  bpf_map_update_elem(&xdp_syn_proven, layer->key.src_ip, &believed, BPF_ANY);
  NP_ADD(stats->proven, 1);
  return 1;
}

/* It was dropped, for its client to repeat. A repetition that comes too soon
 * must not put off the right one. */
static __always_inline void np_syn_remember(struct np_block_stats *stats,
                                            const struct np_layer *layer, __u64 now) {
  __u64 who, seen, *slot = np_syn_slot(layer, &who);

  if (!slot)
    return;
  NP_ADD(stats->challenged, 1);
  seen = *slot;
  if (seen && np_syn_age(seen, now) <= NP_SYN_KEPT)
    return;
  *slot = who | (now >> NP_SYN_TIME_SHIFT & NP_SYN_TIME_MASK);
}

#endif
