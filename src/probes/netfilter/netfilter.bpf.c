// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The rung of BPF netfilter links (6.4): one program before and one behind
 * what the firewall has at a hook point. Both let every packet pass.
 */
#include "lib/netfilter.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct bpf_nf_ctx {
  const struct nf_hook_state *state;
  struct sk_buff *skb;
} __attribute__((preserve_access_index));

#define NP_NF_ACCEPT 1

/* 6.2: a read of kernel memory that needs no helper call. */
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;

static __always_inline __u32 np_nf_measure(struct sk_buff *skb, __u64 *bytes) {
  struct skb_shared_info *shared;
  __u32 size;

  *bytes = skb->len;
  shared = bpf_rdonly_cast(skb->head + skb->end, bpf_core_type_id_kernel(struct skb_shared_info));
  size = shared->gso_size;
  if (likely(size == 0))
    return 1;
  return np_nf_segments(skb, size, shared->gso_segs, shared->gso_type, bytes);
}

SEC("netfilter")
int netprobe_nf_in(struct bpf_nf_ctx *ctx) {
  struct np_netfilter_stats *stats = np_nf_stats(ctx->state->pf, ctx->state->hook);
  __u32 packets;
  __u64 bytes;

  if (stats && stats->counting == NP_NF_BOTH) {
    packets = np_nf_measure(ctx->skb, &bytes);
    __sync_fetch_and_add(&stats->packets_processed, packets);
    __sync_fetch_and_add(&stats->bytes_processed, bytes);
  }
  return NP_NF_ACCEPT;
}

SEC("netfilter")
int netprobe_nf_out(struct bpf_nf_ctx *ctx) {
  struct np_netfilter_stats *stats = np_nf_stats(ctx->state->pf, ctx->state->hook);
  __u64 bytes;

  if (stats && stats->counting != NP_NF_OFF)
    __sync_fetch_and_add(&stats->packets_passed, np_nf_measure(ctx->skb, &bytes));
  return NP_NF_ACCEPT;
}
