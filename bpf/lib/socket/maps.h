/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Maps of the socket programs, and how they count and report. */
#ifndef NETPROBE_SOCKET_MAPS_H
#define NETPROBE_SOCKET_MAPS_H

#include "../../abi/socket_abi.h"
#include "kernel_types.h"

/* TCP sockets that are alive, by their address in the kernel: every one leaves
 * through CLOSE before that address is another's, but for ends that were missed
 * (tcp.h). */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1);
  __type(key, __u64);
  __type(value, struct np_connection);
} connection_map SEC(".maps");

/* UDP sockets by process and peer. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1);
  __type(key, struct np_udp_key);
  __type(value, struct np_connection);
} socket_udp SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 8 << 20);
} socket_events SEC(".maps");

/* One entry a CPU, read by user space without a system call. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_socket_totals);
} socket_totals SEC(".maps");

const volatile struct np_socket_config np_config = {};

/* Types that no map carries, for the object's BTF. */
const struct socket_event *np_type_socket_event __attribute__((unused));
const struct np_swept *np_type_swept __attribute__((unused));
const struct np_swept_udp *np_type_swept_udp __attribute__((unused));

/* Index into np_socket_totals' pairs. */
enum { NP_TCP = 0, NP_UDP = 1 };

static __always_inline struct np_socket_totals *np_totals(void) {
  __u32 cpu = bpf_get_smp_processor_id();

  return bpf_map_lookup_elem(&socket_totals, &cpu);
}

/* Softirqs interrupt these programs on their own CPU. */
#define NP_COUNT(counter, n) ((void)__sync_fetch_and_add(&(counter), (n)))

/* `value` below a power of two. In assembly, or the compiler proves that it
 * knows better and the verifier does not follow. */
#define NP_INDEX(value, slots)                                    \
  ({                                                              \
    __u64 np_index = (value);                                     \
    asm volatile("%0 &= %1" : "+r"(np_index) : "i"((slots) - 1)); \
    np_index;                                                     \
  })

static __always_inline void np_latency_add(struct np_latency *to, __u64 ns) {
  /* model/connection.h, kLatencyBounds, in ns. A chain of comparisons: the
   * compiler makes them immediate operands, and most latencies are short. */
  __u32 at = ns <= 50000ULL         ? 0
             : ns <= 100000ULL      ? 1
             : ns <= 250000ULL      ? 2
             : ns <= 500000ULL      ? 3
             : ns <= 1000000ULL     ? 4
             : ns <= 2500000ULL     ? 5
             : ns <= 5000000ULL     ? 6
             : ns <= 10000000ULL    ? 7
             : ns <= 25000000ULL    ? 8
             : ns <= 50000000ULL    ? 9
             : ns <= 100000000ULL   ? 10
             : ns <= 250000000ULL   ? 11
             : ns <= 500000000ULL   ? 12
             : ns <= 1000000000ULL  ? 13
             : ns <= 2500000000ULL  ? 14
             : ns <= 5000000000ULL  ? 15
             : ns <= 10000000000ULL ? 16
                                    : 17;

  NP_COUNT(to->count[at], 1);
  NP_COUNT(to->sum_ns, ns);
}

/* Nobody is woken for an event; a ring that fills wakes its reader once. */
static __always_inline __u64 np_wake_flags(void) {
  __u64 filled = bpf_ringbuf_query(&socket_events, BPF_RB_AVAIL_DATA);

  if (filled >= np_config.wake_at && filled < np_config.wake_at + 8 * sizeof(struct socket_event))
    return BPF_RB_FORCE_WAKEUP;
  return BPF_RB_NO_WAKEUP;
}

static __always_inline void np_emit(const struct np_connection *c, __u32 type, __u64 now,
                                    struct np_socket_totals *totals) {
  struct socket_event *event;

  NP_COUNT(totals->events[type], 1);
  event = bpf_ringbuf_reserve(&socket_events, sizeof(*event), 0);
  if (!event) {
    NP_COUNT(totals->ring_full, 1);
    return;
  }
  event->timestamp = now;
  event->event_type = type;
  event->pid = c->owner.pid;
  event->tid = c->owner.tid;
  event->reserved0 = 0;
  __builtin_memcpy(&event->c, c, sizeof(*c));
  NP_COUNT(totals->ring_records, 1);
  bpf_ringbuf_submit(event, np_wake_flags());
}

#endif
