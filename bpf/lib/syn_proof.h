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

#define NP_SYN_AGAIN_FROM_NS 500000000ULL /* sooner is the flood's own repetition */
#define NP_SYN_AGAIN_TO_NS 8000000000ULL
#define NP_SYN_BELIEVED_NS 60000000000ULL
#define NP_SYN_SLOTS 65536

/* First SYNs, direct-mapped: a plain array cannot be held up by a lock, and
 * what a newer SYN overwrites is tried again by its client. */
struct np_syn_seen {
  __u64 who; /* hash of addresses, ports and sequence number */
  __u64 when_ns;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, NP_SYN_SLOTS);
  __type(key, __u32);
  __type(value, struct np_syn_seen);
} xdp_syn_seen SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, __u8[16]);
  __type(value, __u64);
} xdp_syn_proven SEC(".maps");

/* A SYN's slot, and in *who what tells it from others there. */
static __always_inline struct np_syn_seen *np_syn_slot(const struct np_layer *layer, __u64 *who) {
  const __u64 *source = (const __u64 *)layer->key.src_ip;
  const __u64 *target = (const __u64 *)layer->key.dst_ip;
  __u64 more = (__u64)layer->key.src_port << 48 | (__u64)layer->key.dst_port << 32 | layer->tcp_seq;
  __u64 hash = np_block_hash(source[0], source[1], np_config.filter_seed, 0);
  __u32 slot;

  hash = np_block_hash(target[0] ^ hash, target[1] ^ more, np_config.filter_seed, 0);
  slot = (hash >> 40) & (NP_SYN_SLOTS - 1);
  *who = hash;
  return bpf_map_lookup_elem(&xdp_syn_seen, &slot);
}

/* 1: its source was believed before, or is from now on: it repeats a SYN. */
static __always_inline int np_syn_is_proven(struct np_block_stats *stats,
                                            const struct np_layer *layer, __u64 now) {
  __u64 *until = bpf_map_lookup_elem(&xdp_syn_proven, layer->key.src_ip), believed, who;
  struct np_syn_seen *seen;

  if (until && *until > now)
    return 1;
  seen = np_syn_slot(layer, &who);
  if (!seen || seen->who != who || now - seen->when_ns < NP_SYN_AGAIN_FROM_NS ||
      now - seen->when_ns > NP_SYN_AGAIN_TO_NS)
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
  __u64 who;
  struct np_syn_seen *seen = np_syn_slot(layer, &who);

  if (!seen)
    return;
  NP_ADD(stats->challenged, 1);
  if (seen->who == who && now - seen->when_ns <= NP_SYN_AGAIN_TO_NS)
    return;
  seen->when_ns = now;
  seen->who = who;
}

#endif
