/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where the flow programs take from the context of a test run what a live
 * packet has by itself: time, length and interface.
 */
#ifndef NETPROBE_BPF_LIB_REPLAY_H
#define NETPROBE_BPF_LIB_REPLAY_H

#include "maps.h"

/* The verifier wants fields of the context read at constant offsets: the empty
 * asm keeps the compiler from merging two reads into one of a computed one. */
#define NP_CTX_OR(replayed, live)      \
  ({                                   \
    __u32 value_;                      \
    if (np_config.replay) {            \
      value_ = (replayed);             \
      asm volatile("" : "+r"(value_)); \
    } else {                           \
      value_ = (live);                 \
      asm volatile("" : "+r"(value_)); \
    }                                  \
    value_;                            \
  })

static __always_inline __u64 np_now_precise(struct __sk_buff *skb) {
  return np_config.replay ? skb->tstamp : bpf_ktime_get_ns();
}

/* Jiffies: the verifier makes a load of them, which no other clock is. */
static __always_inline __u32 np_now_coarse(struct __sk_buff *skb) {
  if (np_config.replay)
    return skb->tstamp >> NP_REPLAY_SHIFT;
  return bpf_jiffies64();
}

#endif
