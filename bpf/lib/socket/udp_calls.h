/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the rungs need that see UDP's functions rather than its system calls. */
#ifndef NETPROBE_SOCKET_UDP_CALLS_H
#define NETPROBE_SOCKET_UDP_CALLS_H

#include "maps.h"
#include "udp.h"

/* A send that a kprobe saw begin and a kretprobe will see end. An IPv6 socket
 * that sends to a mapped address is in two at once. */
enum np_udp_call { NP_CALL_SEND4, NP_CALL_SEND6 };

struct np_call_key {
  __u64 thread;
  __u64 call;
};

/* LRU: what a thread left here that never comes back pushes out nothing else. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, struct np_call_key);
  __type(value, __u64);
} socket_calls SEC(".maps");

static __always_inline bool np_is_family(struct sock *sk, __u16 family) {
  return NP_GET(sk, __sk_common.skc_family) == family;
}

static __always_inline void np_udp_received(struct sock *sk, int bytes, int flags, __u64 cookie) {
  if (!(flags & (MSG_PEEK | MSG_ERRQUEUE)))
    np_udp(sk, bytes, true, cookie);
}

static __always_inline void np_udp_enter(struct sock *sk, __u64 call) {
  struct np_call_key key = {bpf_get_current_pid_tgid(), call};
  struct np_socket_totals *totals = np_totals();
  __u64 socket = (__u64)sk;

  if (!totals)
    return;
  /* Two sends of one thread at once: the end of the first was not seen. The
   * kernel has so many kretprobes (two a CPU) for all who are in the function,
   * and older ones tell nobody when they run out. */
  if (bpf_map_lookup_elem(&socket_calls, &key))
    NP_COUNT(totals->udp_missed, 1);
  if (bpf_map_update_elem(&socket_calls, &key, &socket, BPF_ANY))
    NP_COUNT(totals->udp_missed, 1);
}

static __always_inline void np_udp_leave(__u64 call, int bytes) {
  struct np_call_key key = {bpf_get_current_pid_tgid(), call};
  __u64 *socket = bpf_map_lookup_elem(&socket_calls, &key);
  __u64 sk;

  if (!socket)
    return;
  sk = *socket;
  bpf_map_delete_elem(&socket_calls, &key);
  np_udp((struct sock *)sk, bytes, false, 0);
}

#endif
