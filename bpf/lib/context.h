/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a program runs on: a socket buffer at the TC hook, or, where NP_XDP is
 * defined, the bare frame at the XDP hook. The parsers are the same for both;
 * this is all that they see of the difference.
 */
#ifndef NETPROBE_BPF_LIB_CONTEXT_H
#define NETPROBE_BPF_LIB_CONTEXT_H

#include "compiler.h"

#ifdef NP_XDP

#define NP_CONTEXT struct xdp_md

/* No header chain that the parser follows reaches as far; the verifier wants
 * a bound, and no driver's linear part is longer. */
#define NP_XDP_REACH 0x3fff

/* Frames need no helper: they are read in place, in whole words. */
static __always_inline int np_load(const struct xdp_md *ctx, __u32 offset, void *to,
                                   const __u32 length) {
  const void *data = (const void *)(long)ctx->data;
  const void *end = (const void *)(long)ctx->data_end;
  __u32 i = 0;

  if (offset > NP_XDP_REACH)
    return -1;
  data += offset;
  if (data + length > end)
    return -1;
#pragma unroll
  for (; i + 8 <= length; i += 8)
    *(__u64 *)(to + i) = *(const __u64 *)(data + i);
  if (length & 4) {
    *(__u32 *)(to + i) = *(const __u32 *)(data + i);
    i += 4;
  }
  if (length & 2) {
    *(__u16 *)(to + i) = *(const __u16 *)(data + i);
    i += 2;
  }
  if (length & 1)
    *(__u8 *)(to + i) = *(const __u8 *)(data + i);
  return 0;
}

/* What comes from the wire is no super-packet. */
static __always_inline int np_is_super_packet(const struct xdp_md *ctx) {
  return 0;
}

#else

#define NP_CONTEXT struct __sk_buff

#define np_load(ctx, offset, to, length) bpf_skb_load_bytes(ctx, offset, to, length)

static __always_inline int np_is_super_packet(const struct __sk_buff *ctx) {
  return ctx->gso_size != 0;
}

#endif

#endif
