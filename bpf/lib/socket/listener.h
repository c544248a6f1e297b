/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* From which listening socket a new one came. */
#ifndef NETPROBE_SOCKET_LISTENER_H
#define NETPROBE_SOCKET_LISTENER_H

#include "maps.h"
#include "read.h"

/* The newest socket of a CPU and its listener: one softirq makes a socket and
 * establishes it. Where another comes between, there is no listener. */
struct np_newborn {
  __u64 socket;
  __u64 listener;
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct np_newborn);
} socket_newborn SEC(".maps");

/*
 * LISTEN to SYN_RECV: the kernel has made a socket as a copy of the one that
 * listens, and has not set up its lists yet. An empty list's head points at
 * itself, so that of the copy points into the listener, which never sends and
 * whose list is always empty. By port alone there may be several (SO_REUSEPORT,
 * TPROXY), and none of them is told apart.
 */
static __always_inline void np_on_newborn(struct sock *sk) {
  struct tcp_sock *tp = NP_TCP_SOCK(sk);
  struct np_newborn *newborn;
  __u32 zero = 0;

  if (!tp || !bpf_core_field_exists(tp->tsq_node))
    return;
  newborn = bpf_map_lookup_elem(&socket_newborn, &zero);
  if (!newborn)
    return;
  newborn->socket = (__u64)sk;
  newborn->listener = (__u64)NP_GET(tp, tsq_node.next) - bpf_core_field_offset(tp->tsq_node);
}

/* Of a socket that is established just now; null where it is not known. */
static __always_inline struct np_connection *np_listener_of(struct sock *sk) {
  struct np_newborn *newborn;
  struct np_connection *listener;
  __u32 zero = 0;
  __u64 key;

  newborn = bpf_map_lookup_elem(&socket_newborn, &zero);
  if (!newborn || newborn->socket != (__u64)sk)
    return NULL;
  newborn->socket = 0; /* its address may be another's one day */
  key = newborn->listener;
  listener = bpf_map_lookup_elem(&connection_map, &key);
  return listener && listener->state == TCP_LISTEN ? listener : NULL;
}

#endif
