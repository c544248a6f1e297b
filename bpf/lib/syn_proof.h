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
/* Of a limit's bucket. While more SYNs come than it is for, none passes that is
 * not repeated: those that did, all of them a flood's, would fill the queue of a
 * service without cookies, where each stays for seconds. */
#define NP_SYN_DEBT_NS 1000000000ULL

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

/* Until when anybody of a hash is believed, in units of 2^30 ns, about a second:
 * 64 KiB that stay near, so that the map of sources, which does not, is asked
 * for those alone who may be in it. A flood's are not. */
#define NP_SYN_BELIEVED_SLOTS (1U << 14)
#define NP_SYN_BELIEVED_SHIFT 30
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, NP_SYN_BELIEVED_SLOTS);
  __type(key, __u32);
  __type(value, __u32);
} xdp_syn_believed SEC(".maps");

/* What is known of a SYN before anything is decided. */
struct np_syn {
  __u64 *slot;     /* 0: not a SYN, or nothing is known */
  __u64 who;       /* what tells it from others of the slot */
  __u64 seen;      /* what the slot had */
  __u32 *believed; /* see xdp_syn_believed */
};

/* Begins to read its slot, which is in no near cache under a flood: what is done
 * until it is asked for takes no time of its own. */
static __always_inline void np_syn_begin(struct np_syn *syn, const struct np_layer *layer) {
  const __u64 *source = (const __u64 *)layer->key.src_ip;
  const __u64 *target = (const __u64 *)layer->key.dst_ip;
  __u64 more = (__u64)layer->key.src_port << 48 | (__u64)layer->key.dst_port << 32 | layer->tcp_seq;
  __u64 of_source = np_block_hash(source[0], source[1], np_config.filter_seed, 0);
  __u64 hash = np_block_hash(target[0] ^ of_source, target[1] ^ more, np_config.filter_seed, 0),
        seen;
  __u32 slot = hash & (NP_SYN_SLOTS - 1);
  __u32 believed = of_source & (NP_SYN_BELIEVED_SLOTS - 1);

  syn->who = hash & ~NP_SYN_TIME_MASK;
  syn->believed = bpf_map_lookup_elem(&xdp_syn_believed, &believed);
  syn->slot = bpf_map_lookup_elem(&xdp_syn_seen, &slot);
  if (!syn->slot)
    return;
  seen = *(volatile __u64 *)syn->slot;
  syn->seen = seen;
}

static __always_inline __u32 np_syn_age(__u64 seen, __u64 now) {
  return ((now >> NP_SYN_TIME_SHIFT) - seen) & NP_SYN_TIME_MASK;
}

static __always_inline int np_syn_is_believed(const struct np_syn *syn,
                                              const struct np_layer *layer, __u64 now) {
  __u64 *until;

  if (syn->believed && *syn->believed < (__u32)(now >> NP_SYN_BELIEVED_SHIFT))
    return 0;
  until = bpf_map_lookup_elem(&xdp_syn_proven, layer->key.src_ip);
  return until && *until > now;
}

/* 1: its source was believed before, or is from now on: it repeats a SYN. */
static __always_inline int np_syn_is_proven(struct np_block_stats *stats, const struct np_syn *syn,
                                            const struct np_layer *layer, __u64 now) {
  __u64 believed = now + NP_SYN_BELIEVED_NS;
  __u32 age;

  if (np_syn_is_believed(syn, layer, now))
    return 1;
  if (!syn->slot)
    return 0;
  age = np_syn_age(syn->seen, now);
  if ((syn->seen & ~NP_SYN_TIME_MASK) != syn->who || age < NP_SYN_AGAIN_FROM ||
      age > NP_SYN_AGAIN_TO)
    return 0;
  /* Whatever an older one of another CPU makes of this, it is a second at most. */
  if (syn->believed)
    *syn->believed = believed >> NP_SYN_BELIEVED_SHIFT;
  bpf_map_update_elem(&xdp_syn_proven, layer->key.src_ip, &believed, BPF_ANY);
  NP_ADD(stats->proven, 1);
  return 1;
}

/* It was dropped, for its client to repeat. A repetition that comes too soon
 * must not put off the right one. */
static __always_inline void np_syn_remember(struct np_block_stats *stats, const struct np_syn *syn,
                                            __u64 now) {
  if (!syn->slot)
    return;
  NP_ADD(stats->challenged, 1);
  if (syn->seen && np_syn_age(syn->seen, now) <= NP_SYN_KEPT)
    return;
  *syn->slot = syn->who | (now >> NP_SYN_TIME_SHIFT & NP_SYN_TIME_MASK);
}

#endif
