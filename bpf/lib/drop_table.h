/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where drops are counted: two tables of records, one in use, one being read.
 * An entry that is deleted while a program still adds to it would lose the
 * packet, or give it to whoever gets the entry next. So user space switches
 * tables, and reads and empties the other one when nobody is in it any more:
 * a program enters (counted per CPU), looks again which table is in use, and
 * leaves when it has written. Entered and left are equal when all are out.
 */
#ifndef NETPROBE_BPF_LIB_DROP_TABLE_H
#define NETPROBE_BPF_LIB_DROP_TABLE_H

#include "../abi/drop_abi.h"
#include "compiler.h"

struct np_drop_records {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __type(key, struct np_drop_key);
  __type(value, struct np_drop_value);
};
struct np_drop_records drop_stats_0 SEC(".maps");
struct np_drop_records drop_stats_1 SEC(".maps");

/* Tunnel packets with what is inside. Half as many: this one full, they are
 * counted above, without what is inside. */
struct np_drop_tunnel_records {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8192);
  __type(key, struct np_drop_tunnel_key);
  __type(value, struct np_drop_value);
};
struct np_drop_tunnel_records drop_tunnels_0 SEC(".maps");
struct np_drop_tunnel_records drop_tunnels_1 SEC(".maps");

/* By reason and place: what found no room above. Some hundreds at most. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, struct np_drop_place);
  __type(value, struct np_drop_sum);
} drop_places SEC(".maps");

/* One entry a CPU. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_drop_cpu);
} drop_cpus SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_STACK_TRACE);
  __uint(max_entries, 1);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, NP_DROP_FRAMES * sizeof(__u64));
} drop_stacks SEC(".maps");

/* Sections of their own, so that user space can map them by name. */
volatile struct np_drop_active np_drop_active SEC(".data.active") = {};
const volatile struct np_drop_config np_drop_config = {};

#define NP_ATOMIC_ADD(counter, n) ((void)__sync_fetch_and_add(&(counter), (n)))

#define NP_DROP_TRIES 3
#define NP_NO_TABLE 2

/* The table in use, held until np_drop_leave(). NP_NO_TABLE where it was
 * switched in between again and again: the program stood still for long. */
static __always_inline __u64 np_drop_enter(struct np_drop_cpu *cpu) {
#pragma unroll
  for (int i = 0; i < NP_DROP_TRIES; i++) {
    __u64 table = np_drop_active.table & 1;

    NP_ATOMIC_ADD(cpu->enter[table], 1);
    NP_STORE_FENCE(cpu->fence);
    if (likely(table == (np_drop_active.table & 1)))
      return table;
    NP_ATOMIC_ADD(cpu->leave[table], 1);
  }
  return NP_NO_TABLE;
}

static __always_inline void np_drop_leave(struct np_drop_cpu *cpu, __u64 table) {
  NP_STORE_FENCE(cpu->fence);
  NP_ATOMIC_ADD(cpu->leave[table], 1);
}

static __always_inline struct np_drop_value *np_drop_find(__u64 table,
                                                          const struct np_drop_key *key) {
  return table ? bpf_map_lookup_elem(&drop_stats_1, key) : bpf_map_lookup_elem(&drop_stats_0, key);
}

/* Whoever comes first makes the record; 0 where there is no room. */
static __always_inline struct np_drop_value *np_drop_insert(__u64 table,
                                                            const struct np_drop_key *key,
                                                            const struct np_drop_value *value) {
  if (table)
    bpf_map_update_elem(&drop_stats_1, key, value, BPF_NOEXIST);
  else
    bpf_map_update_elem(&drop_stats_0, key, value, BPF_NOEXIST);
  return np_drop_find(table, key);
}

static __always_inline struct np_drop_value *np_drop_find_tunnel(
    __u64 table, const struct np_drop_tunnel_key *key) {
  return table ? bpf_map_lookup_elem(&drop_tunnels_1, key)
               : bpf_map_lookup_elem(&drop_tunnels_0, key);
}

static __always_inline struct np_drop_value *np_drop_insert_tunnel(
    __u64 table, const struct np_drop_tunnel_key *key, const struct np_drop_value *value) {
  if (table)
    bpf_map_update_elem(&drop_tunnels_1, key, value, BPF_NOEXIST);
  else
    bpf_map_update_elem(&drop_tunnels_0, key, value, BPF_NOEXIST);
  return np_drop_find_tunnel(table, key);
}

/* Without its flow, for want of room. */
static __always_inline void np_drop_unattributed(struct np_drop_cpu *cpu,
                                                 const struct np_drop_key *key, __u32 packets,
                                                 __u64 bytes) {
  const struct np_drop_place place = {.location = key->location, .reason = key->reason};
  struct np_drop_sum *sum = bpf_map_lookup_elem(&drop_places, &place);

  if (!sum) {
    const struct np_drop_sum empty = {};

    bpf_map_update_elem(&drop_places, &place, &empty, BPF_NOEXIST);
    sum = bpf_map_lookup_elem(&drop_places, &place);
  }
  if (!sum) {
    NP_ATOMIC_ADD(cpu->unplaced, packets);
    return;
  }
  NP_ATOMIC_ADD(sum->packets, packets);
  NP_ATOMIC_ADD(sum->bytes, bytes);
}

#endif
