/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the slow path knows of a packet so far. It stands in per-CPU memory, which
 * the verifier does not track, so that every step looks alike to it.
 */
#ifndef NETPROBE_BPF_LIB_SLOW_SCRATCH_H
#define NETPROBE_BPF_LIB_SLOW_SCRATCH_H

#include "../context.h"
#include "../packet.h"

enum np_next {
  NP_NEXT_DONE = 0,
  NP_NEXT_ETHERNET,
  NP_NEXT_TYPE, /* what state->type says */
  NP_NEXT_IP,   /* version by the first nibble */
  NP_NEXT_L4,   /* what state->proto says */
};

struct np_scratch {
  struct np_layer layer[NP_LAYERS];
  __u32 busy; /* PREEMPT_RT only */
  __u32 next;
  __u32 off;    /* of the header to read next */
  __u32 length; /* of the frame */
  __u32 layers;
  __u32 payload_off;
  __u32 quote_off; /* of the packet that an ICMP error quotes; 0 without */
  __u32 quote_mtu;
  __u32 vni;
  __u32 mpls_label;
  __u16 vlan;
  __u16 inner_vlan;
  __u16 type;
  __u8 proto;
  __u8 tunnel;     /* that the next IP layer is in */
  __u8 cut;        /* a fragment: what is inside may be longer than it */
  __u8 first_frag; /* its ports are worth remembering */
  __u8 not_ip;     /* ended at something that is not IP */
  __u8 failed;     /* ended at an IP header that is none */
  __u8 frag_proto;
  __u32 frag_id;
  __u64 classes; /* bit per np_packet_class seen on the way */
  __u8 buf[64];
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_scratch);
} np_scratch_map SEC(".maps");

static __always_inline struct np_scratch *np_scratch(void) {
  __u32 zero = 0;

  return bpf_map_lookup_elem(&np_scratch_map, &zero);
}

#define NP_SAW(s, class) ((s)->classes |= 1ULL << (class))
#define NP_LOAD(s, ctx, offset, len) np_load(ctx, offset, (s)->buf, len)

static __always_inline int np_stop(struct np_scratch *s) {
  s->next = NP_NEXT_DONE;
  return 1;
}

static __always_inline int np_stop_not_ip(struct np_scratch *s) {
  s->not_ip = 1;
  return np_stop(s);
}

static __always_inline int np_stop_failed(struct np_scratch *s) {
  s->failed = 1;
  return np_stop(s);
}

/* Spelled out: constant offsets keep the verifier from exploring a range. */
static __always_inline struct np_layer *np_layer_at(struct np_scratch *s, __u32 i) {
  switch (i) {
    case 0:
      return &s->layer[0];
    case 1:
      return &s->layer[1];
    case 2:
      return &s->layer[2];
    default:
      return 0;
  }
}

static __always_inline struct np_layer *np_current(struct np_scratch *s) {
  return np_layer_at(s, s->layers - 1);
}

#endif
