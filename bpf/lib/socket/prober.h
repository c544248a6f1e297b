/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Looks at sockets instead of waiting for them: sweeps of what is known, and a
 * walk over every open file of every process. */
#ifndef NETPROBE_SOCKET_PROBER_H
#define NETPROBE_SOCKET_PROBER_H

#include "maps.h"
#include "read.h"
#include "tcp.h"

extern const void socket_file_ops __ksym __weak;

/* Is it the socket that the entry was made for? Memory of sockets is used
 * again, but a cookie never. */
static __always_inline bool np_is_same(struct sock *sk, const struct np_connection *c) {
  if (c->cookie)
    return (__u64)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter) == c->cookie;
  return !c->src_port || c->src_port == BPF_CORE_READ(sk, __sk_common.skc_num);
}

/* As long as its state stays: an end, or a FIN, moves sequence numbers for which
 * nobody wrote anything. What is not read now is with the next sweep. */
static __always_inline void np_look_at_tcp(struct sock *sk, __u32 state, struct np_connection *c) {
  __u64 sent = c->bytes_sent;
  __u64 received = c->bytes_recv;

  /* A socket that is closed may have sent a FIN: rather a byte too few. */
  np_read_tcp(sk, state == TCP_CLOSE ? TCP_FIN_WAIT1 : state, c);
  if (BPF_CORE_READ(sk, __sk_common.skc_state) != state) {
    c->bytes_sent = sent;
    c->bytes_recv = received;
  }
}

static __always_inline void np_sweep_tcp(struct np_swept *out) {
  struct sock *sk = (struct sock *)out->key;
  struct np_connection *c = &out->c;
  __u32 state = BPF_CORE_READ(sk, __sk_common.skc_state);

  if (c->flags & NP_CONN_ENDED)
    return;
  /* listen() without bind() gets its port after the state that tells of it, and
   * a connection its own after SYN_SENT. */
  if (!c->src_port)
    np_read_tuple(sk, c);
  if (state == TCP_LISTEN) {
    c->backlog = BPF_CORE_READ(sk, sk_ack_backlog);
    c->backlog_max = BPF_CORE_READ(sk, sk_max_ack_backlog);
  } else {
    np_look_at_tcp(sk, state, c);
  }
  c->receive_drops = np_read_drops(sk);
  c->state = (__u8)state;
  /* Asked last: what was read before was its own. */
  if (!np_is_same(sk, c))
    c->flags |= NP_CONN_STALE | NP_CONN_REUSED;
  else if (state == TCP_CLOSE && np_flag(sk, SOCK_DEAD))
    c->flags |= NP_CONN_STALE;
}

/* TCP's file is walked when an agent starts, and later when there are accepted
 * connections that nobody has a name for. */
static __always_inline void np_found_tcp(struct sock *sk, struct task_struct *task) {
  __u64 key = (__u64)sk;
  struct np_connection *known = bpf_map_lookup_elem(&connection_map, &key);
  struct np_connection c = {};
  __u32 state;
  __u64 now;

  if (known) {
    if (known->flags & NP_CONN_STALE)
      return;
    if (!np_owner_is_certain(&known->owner))
      np_read_task(task, &known->owner, NP_KNOWN_BY_FILE);
    else if (known->state == TCP_LISTEN && known->owner.pid != (__u32)BPF_CORE_READ(task, tgid))
      known->flags |= NP_CONN_SHARED;
    return;
  }
  state = BPF_CORE_READ(sk, __sk_common.skc_state);
  if (state == TCP_CLOSE)
    return;
  now = bpf_ktime_get_ns();
  c.protocol = IPPROTO_TCP;
  c.state = (__u8)state;
  c.flags = NP_CONN_FOUND_LATER;
  np_set_identity(&c, BPF_CORE_READ(sk, __sk_common.skc_cookie.counter), now);
  np_read_tuple(sk, &c);
  np_read_task(task, &c.owner, NP_KNOWN_BY_FILE);
  if (state == TCP_LISTEN) {
    c.role = NP_ROLE_SERVER;
  } else {
    np_look_at_tcp(sk, state, &c);
    c.base_sent = c.bytes_sent;
    c.base_recv = c.bytes_recv;
  }
  if (bpf_map_update_elem(&connection_map, &key, &c, BPF_NOEXIST))
    return;
  /* It ended before it was noted: that end was counted, as one from before. */
  known = bpf_map_lookup_elem(&connection_map, &key);
  if (known && !(known->flags & NP_CONN_ENDED) &&
      BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE)
    bpf_map_delete_elem(&connection_map, &key);
}

static __always_inline void np_found_udp(struct sock *sk, struct task_struct *task) {
  struct np_udp_key key = {};
  struct np_connection c = {};
  __u64 now;

  if (!BPF_CORE_READ(sk, __sk_common.skc_num))
    return; /* not bound: nothing has come or gone */
  key.socket = (__u64)sk;
  key.pid = (__u32)BPF_CORE_READ(task, tgid);
  np_read_peer(sk, key.dst_ip, &key.dst_port);
  if (bpf_map_lookup_elem(&socket_udp, &key))
    return;
  now = bpf_ktime_get_ns();
  c.protocol = IPPROTO_UDP;
  c.state = key.dst_port ? TCP_ESTABLISHED : TCP_CLOSE;
  c.flags = NP_CONN_FOUND_LATER;
  c.closed_ns = now;
  np_set_identity(&c, 0, now);
  c.cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
  np_read_tuple(sk, &c);
  np_read_task(task, &c.owner, NP_KNOWN_BY_FILE);
  bpf_map_update_elem(&socket_udp, &key, &c, BPF_NOEXIST);
}

static __always_inline void np_found_file(struct file *file, struct task_struct *task) {
  struct sock *sk;
  __u16 family, protocol;

  if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_sock_from_file)) {
    struct socket *socket = bpf_sock_from_file(file); /* 5.11 */

    if (!socket)
      return;
    sk = BPF_CORE_READ(socket, sk);
  } else {
    const struct file_operations *ops = BPF_CORE_READ(file, f_op);

    if (!&socket_file_ops || ops != (const struct file_operations *)&socket_file_ops)
      return;
    struct socket *socket = BPF_CORE_READ(file, private_data);

    sk = BPF_CORE_READ(socket, sk);
  }
  if (!sk)
    return;
  family = BPF_CORE_READ(sk, __sk_common.skc_family);
  if (family != AF_INET && family != AF_INET6)
    return;
  protocol = BPF_CORE_READ(sk, sk_protocol);
  if (protocol == IPPROTO_TCP)
    np_found_tcp(sk, task);
  else if (np_is_udp(sk))
    np_found_udp(sk, task);
}

#endif
