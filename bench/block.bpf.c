// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What the block stage costs: the XDP program on a packet whose source
 * changes from run to run, built without the stage and with it.
 */
#include "lib/xdp.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* A section of its own, so that user space finds it by name. */
struct {
  __u32 base; /* of the changed word, in host byte order */
  __u32 mask; /* the bits of it that change */
  __u32 turn;
  __u32 reserved;
} bench SEC(".data.bench") = {};

/* A word of the source address: all of an IPv4 one, the second of an IPv6 one.
 * Both begin at this place of a frame. */
static __always_inline int next_source(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  __u32 mixed = ++bench.turn * 0x9e3779b1;

  if (data + 54 > end)
    return 0;
  mixed ^= mixed >> 15;
  *(__u32 *)(data + 26) = bpf_htonl(bench.base | (mixed & bench.mask));
  return 1;
}

SEC("xdp")
int netprobe_xdp(struct xdp_md *ctx) {
  next_source(ctx);
  return np_xdp_packet(ctx);
}
