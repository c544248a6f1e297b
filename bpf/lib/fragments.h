/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Ports of fragmented datagrams, remembered from the first fragment for the
 * later ones, which carry none. */
#ifndef NETPROBE_BPF_LIB_FRAGMENTS_H
#define NETPROBE_BPF_LIB_FRAGMENTS_H

#include "compiler.h"
#include "../abi/flow_abi.h"

struct np_fragment_key {
  __u8 src_ip[16];
  __u8 dst_ip[16];
  __u32 id; /* of the datagram: 16 bits in IPv4, 32 in IPv6 */
  __u32 vni_proto;
};

/* LRU: a datagram's fragments come close together, and one that was pushed
 * out only means a flow without ports. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, struct np_fragment_key);
  __type(value, __u32);
} np_fragments SEC(".maps");

static __always_inline void np_fragment_key_of(const struct np_flow_key *flow, __u32 id,
                                               struct np_fragment_key *key) {
  __builtin_memcpy(key->src_ip, flow->src_ip, 16);
  __builtin_memcpy(key->dst_ip, flow->dst_ip, 16);
  key->id = id;
  key->vni_proto = flow->vni << 8 | flow->proto;
}

static __always_inline void np_fragment_remember(const struct np_flow_key *flow, __u32 id,
                                                 __u32 ports) {
  struct np_fragment_key key;

  np_fragment_key_of(flow, id, &key);
  bpf_map_update_elem(&np_fragments, &key, &ports, BPF_ANY);
}

/* 1 where the first fragment was seen; *ports is then src << 16 | dst. */
static __always_inline int np_fragment_ports(const struct np_flow_key *flow, __u32 id,
                                             __u32 *ports) {
  struct np_fragment_key key;
  __u32 *known;

  np_fragment_key_of(flow, id, &key);
  known = bpf_map_lookup_elem(&np_fragments, &key);
  if (!known)
    return 0;
  *ports = *known;
  return 1;
}

#endif
