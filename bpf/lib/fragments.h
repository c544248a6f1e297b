/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Ports of fragmented datagrams, remembered from the first fragment for the
 * later ones, which carry none. */
#ifndef NETPROBE_BPF_LIB_FRAGMENTS_H
#define NETPROBE_BPF_LIB_FRAGMENTS_H

#include "../abi/flow_abi.h"
#include "compiler.h"

struct np_fragment_key {
  __u8 src_ip[16];
  __u8 dst_ip[16];
  __u32 id; /* of the datagram: 16 bits in IPv4, 32 in IPv6 */
  __u32 vni_proto;
};

struct np_fragment_ports {
  __u16 src_port;
  __u16 dst_port;
  __u8 proto; /* of the flow, after extension headers */
  __u8 reserved[3];
};

#ifdef NP_XDP

/* Who only classifies packets asks for no ports. */
static __always_inline void np_fragment_remember(const struct np_flow_key *flow, __u32 id,
                                                 __u8 proto) {
}

static __always_inline int np_fragment_look_up(const struct np_flow_key *flow, __u32 id, __u8 proto,
                                               struct np_fragment_ports *ports) {
  return 0;
}

#else

/* LRU: a datagram's fragments come close together, and one that was pushed
 * out only means a flow without ports. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, struct np_fragment_key);
  __type(value, struct np_fragment_ports);
} np_fragments SEC(".maps");

/* `proto` is what the fragment header says comes next: all fragments of a
 * datagram agree on that, while only the first shows what follows it. */
static __always_inline void np_fragment_key_of(const struct np_flow_key *flow, __u32 id, __u8 proto,
                                               struct np_fragment_key *key) {
  __builtin_memcpy(key->src_ip, flow->src_ip, 16);
  __builtin_memcpy(key->dst_ip, flow->dst_ip, 16);
  key->id = id;
  key->vni_proto = flow->vni << 8 | proto;
}

static __always_inline void np_fragment_remember(const struct np_flow_key *flow, __u32 id,
                                                 __u8 proto) {
  struct np_fragment_ports ports = {
      .src_port = flow->src_port, .dst_port = flow->dst_port, .proto = flow->proto};
  struct np_fragment_key key;

  np_fragment_key_of(flow, id, proto, &key);
  bpf_map_update_elem(&np_fragments, &key, &ports, BPF_ANY);
}

/* 1 where the first fragment was seen. */
static __always_inline int np_fragment_look_up(const struct np_flow_key *flow, __u32 id, __u8 proto,
                                               struct np_fragment_ports *ports) {
  struct np_fragment_ports *known;
  struct np_fragment_key key;

  np_fragment_key_of(flow, id, proto, &key);
  known = bpf_map_lookup_elem(&np_fragments, &key);
  if (!known)
    return 0;
  *ports = *known;
  return 1;
}

#endif

#endif
