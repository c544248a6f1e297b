/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the netfilter programs count, a hook point of a family at a time. */
#ifndef NETPROBE_BPF_ABI_NETFILTER_ABI_H
#define NETPROBE_BPF_ABI_NETFILTER_ABI_H

#include "types.h"

#define NP_NF_HOOKS 5                  /* enum nf_inet_hooks, NF_INET_PRE_ROUTING first */
#define NP_NF_POINTS (2 * NP_NF_HOOKS) /* IPv4, then IPv6 */

/* A pair of programs cannot be attached in one step. What the one counts and
 * the other does not would look like a drop, so counting begins when both are
 * there, and ends with the first of them. */
enum np_nf_counting {
  NP_NF_OFF = 0,
  NP_NF_BOTH = 1,
  NP_NF_OUT_ONLY = 2, /* until what has come in is out */
};

/* One hook point on one CPU; entry cpu * NP_NF_POINTS + point of the map. A
 * cache line, so that CPUs do not share one. */
struct np_netfilter_stats {
  __u64 packets_processed; /* wire packets that reached the hook */
  __u64 packets_dropped;   /* see docs/netfilter.md; with links the agent fills
                            * it in, the sum of all CPUs in the first one's */
  __u64 bytes_processed;   /* IP bytes of these packets */
  __u64 packets_passed;    /* wire packets that came out */
  __u32 hook_point;        /* enum nf_inet_hooks */
  __u32 family;            /* 4 or 6 */
  __u32 counting;          /* enum np_nf_counting; the agent's switch */
  __u32 reserved0;
  __u64 reserved1[2];
};
NP_ABI_ASSERT(sizeof(struct np_netfilter_stats) == 64, "one cache line");

struct np_netfilter_config {
  __u64 netns; /* inode of the namespace; for the rung that sees them all */
};

#endif
