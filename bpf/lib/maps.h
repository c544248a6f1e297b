/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Maps of the flow programs. All arrays are memory-mapped by user space, which
 * reads them without a system call. User space sets max_entries before load;
 * the numbers here are only what a bare `bpftool prog load` would get.
 */
#ifndef NETPROBE_BPF_LIB_MAPS_H
#define NETPROBE_BPF_LIB_MAPS_H

#include "../abi/flow_abi.h"
#include "compiler.h"

/* The flow cache: (set_mask + 1) sets a CPU, one CPU's after the other's. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_flow_set);
} flow_stats SEC(".maps");

/* The same sets again: what not every packet touches. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_flow_details);
} flow_details SEC(".maps");

/* (device_mask + 1) interfaces a CPU; user space claims a slot by writing its
 * ifindex before it attaches a program there. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_device);
} device_stats SEC(".maps");

/* One entry a CPU. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_packet_stats);
} packet_stats SEC(".maps");

/* One entry a CPU. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_flow_marks);
} flow_marks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4 << 20);
} network_events SEC(".maps");

/* A section of its own, so that user space can map it by name. */
struct np_clock np_clock SEC(".data.clock") = {};

/* What goes through the ring has no map to be typed by: these put the types
 * into the object's BTF, where tests and bpftool find them. */
const struct np_flow_event *np_type_flow_event __attribute__((unused));
const struct np_icmp_error *np_type_icmp_error __attribute__((unused));

const volatile struct np_flow_config np_config = {};

static __always_inline struct np_packet_stats *np_stats(__u32 cpu) {
  return bpf_map_lookup_elem(&packet_stats, &cpu);
}

static __always_inline void np_class(__u32 cpu, enum np_packet_class class) {
  struct np_packet_stats *stats = np_stats(cpu);

  if (stats)
    NP_ADD(stats->count[class], 1);
}

#endif
