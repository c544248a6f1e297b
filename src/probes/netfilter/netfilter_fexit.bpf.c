// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The rung below 6.4: nf_hook_slow() is what every packet goes through where
 * something is registered at a hook, and it returns what became of the packet.
 * It sees all namespaces; only the agent's own counts.
 */
#include "lib/netfilter.h"

#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct np_netfilter_config np_config = {};

struct nf_hook_entries;

/* net/netfilter/core.c: 1 the caller goes on, negative a drop, 0 somebody
 * else has the packet now (queued, defragmented, stolen). */
#define NP_NF_GO_ON 1

static __always_inline struct np_netfilter_stats *np_nf_own(const struct nf_hook_state *state) {
  if (state->net->ns.inum != np_config.netns)
    return 0;
  return np_nf_stats(state->pf, state->hook);
}

SEC("fentry/nf_hook_slow")
int BPF_PROG(netprobe_nf_in, struct sk_buff *skb, struct nf_hook_state *state) {
  struct np_netfilter_stats *stats = np_nf_own(state);
  struct skb_shared_info *shared;
  __u32 packets = 1;
  __u64 bytes;
  __u32 size;

  if (!stats)
    return 0;
  bytes = skb->len;
  shared = (struct skb_shared_info *)(skb->head + skb->end);
  size = BPF_CORE_READ(shared, gso_size);
  if (size)
    packets = np_nf_segments(skb, size, BPF_CORE_READ(shared, gso_segs),
                             BPF_CORE_READ(shared, gso_type), &bytes);
  __sync_fetch_and_add(&stats->packets_processed, packets);
  __sync_fetch_and_add(&stats->bytes_processed, bytes);
  return 0;
}

/* The packet may be gone by now: it must not be looked at. */
SEC("fexit/nf_hook_slow")
int BPF_PROG(netprobe_nf_out, struct sk_buff *skb, struct nf_hook_state *state,
             const struct nf_hook_entries *entries, unsigned int from, int result) {
  struct np_netfilter_stats *stats;

  if (likely(result == NP_NF_GO_ON))
    return 0;
  stats = np_nf_own(state);
  if (stats && result < 0)
    __sync_fetch_and_add(&stats->packets_dropped, 1);
  return 0;
}
