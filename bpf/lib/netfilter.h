/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the netfilter programs of both rungs share. A hook's programs may run
 * in process context (LOCAL_OUT) and be interrupted by the same hook in
 * softirq: all adds are atomic.
 */
#ifndef NETPROBE_BPF_LIB_NETFILTER_H
#define NETPROBE_BPF_LIB_NETFILTER_H

#include "../abi/netfilter_abi.h"
#include "compiler.h"

#include <bpf/bpf_core_read.h>

#define NP_NFPROTO_IPV4 2
#define NP_NFPROTO_IPV6 10
#define NP_GSO_UDP_L4 (1 << 17) /* enum of skbuff.h, unchanged since 4.18 */

/* The few fields of kernel structs that are read; CO-RE finds them. */
struct ns_common {
  unsigned int inum;
} __attribute__((preserve_access_index));

struct net {
  struct ns_common ns;
} __attribute__((preserve_access_index));

struct nf_hook_state {
  __u8 hook;
  __u8 pf;
  struct net *net;
} __attribute__((preserve_access_index));

struct skb_shared_info {
  unsigned short gso_size;
  unsigned short gso_segs;
  unsigned int gso_type;
} __attribute__((preserve_access_index));

struct sk_buff {
  unsigned int len;
  unsigned int end;
  unsigned char *head;
  __u16 transport_header;
  __u16 network_header;
} __attribute__((preserve_access_index));

/* User space sets max_entries before load: NP_NF_POINTS a CPU. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, NP_NF_POINTS);
  __type(key, __u32);
  __type(value, struct np_netfilter_stats);
} netfilter_stats SEC(".maps");

static __always_inline struct np_netfilter_stats *np_nf_stats(__u8 pf, __u8 hook) {
  __u32 index;

  if (hook >= NP_NF_HOOKS)
    return 0;
  if (pf == NP_NFPROTO_IPV4)
    index = hook;
  else if (pf == NP_NFPROTO_IPV6)
    index = NP_NF_HOOKS + hook;
  else
    return 0;
  index += bpf_get_smp_processor_id() * NP_NF_POINTS;
  return bpf_map_lookup_elem(&netfilter_stats, &index);
}

/*
 * Wire packets of a super-packet, and what their repeated headers add to its
 * bytes. At a hook the packet begins with its IP header.
 */
static __always_inline __u32 np_nf_segments(const struct sk_buff *skb, __u32 size, __u32 segs,
                                            __u32 type, __u64 *bytes) {
  const unsigned char *head = skb->head;
  __u32 transport = skb->transport_header;
  __u32 header = transport - skb->network_header;
  __u8 offset = 0;

  if (type & NP_GSO_UDP_L4)
    header += 8;
  else if (bpf_probe_read_kernel(&offset, 1, head + transport + 12) == 0)
    header += (offset >> 4) * 4;
  if (header >= skb->len)
    return segs ? segs : 1;
  /* Devices hand up packets without a number of segments. */
  if (segs == 0)
    segs = (skb->len - header + size - 1) / size;
  *bytes += (__u64)(segs - 1) * header;
  return segs;
}

#endif
