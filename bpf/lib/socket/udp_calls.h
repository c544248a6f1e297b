/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the rungs need that see UDP's functions rather than its system calls. */
#ifndef NETPROBE_SOCKET_UDP_CALLS_H
#define NETPROBE_SOCKET_UDP_CALLS_H

#include "maps.h"
#include "udp.h"

extern int LINUX_KERNEL_VERSION __kconfig;
#define NP_VERSION(a, b) (((a) << 16) + ((b) << 8))

/* A call that a kprobe saw begin and a kretprobe will see end. An IPv6 socket
 * that sends to a mapped address is in two at once. */
enum np_udp_call { NP_CALL_SEND4, NP_CALL_SEND6, NP_CALL_RECV4, NP_CALL_RECV6 };

struct np_call_key {
  __u64 thread;
  __u64 call;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8192);
  __type(key, struct np_call_key);
  __type(value, __u64);
} socket_calls SEC(".maps");

static __always_inline int np_newer_of(int before_5_19, int since) {
  barrier_var(before_5_19);
  barrier_var(since);
  return LINUX_KERNEL_VERSION >= NP_VERSION(5, 19) ? since : before_5_19;
}

static __always_inline bool np_is_family(struct sock *sk, __u16 family) {
  return NP_GET(sk, __sk_common.skc_family) == family;
}

static __always_inline void np_udp_received(struct sock *sk, int bytes, int flags, __u64 cookie) {
  if (!(flags & (MSG_PEEK | MSG_ERRQUEUE)))
    np_udp(sk, bytes, true, cookie);
}

static __always_inline void np_udp_enter(struct sock *sk, __u64 call, int flags) {
  struct np_call_key key = {bpf_get_current_pid_tgid(), call};
  __u64 socket = (__u64)sk;

  if (flags & (MSG_PEEK | MSG_ERRQUEUE))
    return;
  if (bpf_map_update_elem(&socket_calls, &key, &socket, BPF_ANY)) {
    struct np_socket_totals *totals = np_totals();

    if (totals)
      NP_COUNT(totals->udp_full, 1);
  }
}

static __always_inline void np_udp_leave(__u64 call, int bytes) {
  struct np_call_key key = {bpf_get_current_pid_tgid(), call};
  __u64 *socket = bpf_map_lookup_elem(&socket_calls, &key);
  __u64 sk;

  if (!socket)
    return;
  sk = *socket;
  bpf_map_delete_elem(&socket_calls, &key);
  np_udp((struct sock *)sk, bytes, call == NP_CALL_RECV4 || call == NP_CALL_RECV6, 0);
}

#endif
