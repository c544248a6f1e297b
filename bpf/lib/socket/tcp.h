/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a TCP socket's change of state means for its connection. */
#ifndef NETPROBE_SOCKET_TCP_H
#define NETPROBE_SOCKET_TCP_H

#include "maps.h"
#include "read.h"
#include "verdict_of.h"

/* Set by the first connection that found no space: from then on an end that
 * nobody knew is one of those, and not one from before the agent. */
__u32 np_missed_some;

static __always_inline __u64 np_new_id(__u64 now) {
  __u64 id = (now & ~63ULL) | (bpf_get_smp_processor_id() & 63);
  struct np_socket_totals *totals = np_totals();

  if (!totals)
    return id;
  /* Without a TSC the clock may stand still for a tick: both ends of a connection
   * over loopback had one id, and one of them was not shown. */
  if (id <= totals->last_id)
    id = totals->last_id + 64;
  totals->last_id = id;
  return id;
}

static __always_inline void np_set_identity(struct np_connection *c, __u64 cookie, __u64 now) {
  c->cookie = cookie;
  c->id = cookie ? cookie : np_new_id(now);
}

/* The entry is final: it leaves the map first and joins the totals then, so
 * that who reads totals before the map counts nothing twice. */
static __always_inline void np_finish(__u64 key, struct np_connection *c, __u64 now) {
  struct np_socket_totals *totals = np_totals();

  if (!totals)
    return;
  /* One whose end was missed may never have been established. */
  np_emit(c, c->flags & NP_CONN_FAILED ? NP_SOCKET_CONNECT : NP_SOCKET_CLOSE, now, totals);
  __u64 sent = c->bytes_sent - c->base_sent;
  __u64 received = c->bytes_recv - c->base_recv;
  __u32 retransmits = c->retransmits;
  __u64 rtt = (__u64)c->srtt_us * 1000;
  __u32 role = c->role;
  __u32 verdict = c->verdict;

  bpf_map_delete_elem(&connection_map, &key);
  NP_COUNT(totals->sent[NP_TCP], sent);
  NP_COUNT(totals->recv[NP_TCP], received);
  NP_COUNT(totals->retransmits, retransmits);
  NP_COUNT(totals->verdicts[NP_INDEX(verdict, NP_VERDICT_SLOTS)], 1);
  if (rtt)
    np_latency_add(&totals->rtt[NP_INDEX(role, NP_ROLE_SLOTS)], rtt);
}

/* The entry of this socket: not that of one that had its memory before and whose
 * end was missed. */
static __always_inline struct np_connection *np_entry_of(struct sock *sk) {
  __u64 key = (__u64)sk;
  struct np_connection *c = bpf_map_lookup_elem(&connection_map, &key);

  if (c && c->cookie && c->cookie != (__u64)NP_GET(sk, __sk_common.skc_cookie.counter))
    return NULL;
  return c;
}

/* An end that was not seen: the kernel leaves a program out on a CPU that is in the
 * middle of it. */
static __always_inline void np_finish_missed(__u64 key, struct np_connection *c, __u64 now,
                                             struct np_socket_totals *totals) {
  NP_COUNT(totals->end_missed, 1);
  np_mark_missed(c, now);
  np_finish(key, c, now);
}

/* What the same address had before is over. Either the same socket connects once
 * more, or its end was missed, and user space adds what its last sweep had read. */
static __always_inline void np_finish_before(__u64 key, __u64 now,
                                             struct np_socket_totals *totals) {
  struct np_connection *before = bpf_map_lookup_elem(&connection_map, &key);

  if (!before || before->state == TCP_LISTEN)
    return;
  if (before->flags & NP_CONN_ENDED)
    np_finish(key, before, now);
  else
    np_finish_missed(key, before, now, totals);
}

static __always_inline void np_insert(__u64 key, struct np_connection *c, __u64 now,
                                      struct np_socket_totals *totals) {
  np_finish_before(key, now, totals);
  if (bpf_map_update_elem(&connection_map, &key, c, BPF_ANY)) {
    NP_COUNT(totals->map_full, 1);
    np_missed_some = 1;
  }
}

static __always_inline void np_on_connecting(struct sock *sk, __u64 cookie) {
  struct np_socket_totals *totals = np_totals();
  __u64 now = bpf_ktime_get_ns();
  struct np_connection c = {};

  if (!totals)
    return;
  c.opened_ns = now;
  c.protocol = IPPROTO_TCP;
  c.role = NP_ROLE_CLIENT;
  c.state = TCP_SYN_SENT;
  np_set_identity(&c, cookie, now);
  np_read_tuple(sk, &c);
  np_learn_owner(sk, &c.owner, NP_KNOWN_BY_CONNECT);
  np_insert((__u64)sk, &c, now, totals);
}

static __always_inline void np_on_listening(struct sock *sk, __u64 cookie) {
  struct np_socket_totals *totals = np_totals();
  __u64 now = bpf_ktime_get_ns();
  struct np_connection c = {};

  if (!totals)
    return;
  c.opened_ns = now;
  c.protocol = IPPROTO_TCP;
  c.role = NP_ROLE_SERVER;
  c.state = TCP_LISTEN;
  np_set_identity(&c, cookie, now);
  np_read_tuple(sk, &c);
  np_learn_owner(sk, &c.owner, NP_KNOWN_BY_LISTEN);
  np_insert((__u64)sk, &c, now, totals);
}

static __always_inline void np_on_connected(struct sock *sk, struct np_connection *c) {
  struct np_socket_totals *totals = np_totals();
  __u64 now = bpf_ktime_get_ns();

  if (!totals)
    return;
  NP_COUNT(totals->connections[NP_TCP][NP_ROLE_CLIENT], 1);
  if (!c) {
    NP_COUNT(totals->events[NP_SOCKET_CONNECT], 1);
    return;
  }
  np_read_tuple(sk, c); /* the port is chosen after SYN_SENT */
  c->state = TCP_ESTABLISHED;
  c->established_ns = now;
  if (c->opened_ns) { /* else it was under way before anybody looked */
    c->handshake_ns = now - c->opened_ns;
    np_latency_add(&totals->handshake[NP_ROLE_CLIENT], c->handshake_ns);
  }
  np_emit(c, NP_SOCKET_CONNECT, now, totals);
}

/* A child of a listening socket, if known. Nobody has accepted it: who will is
 * likely who listens, and often a child of it, so the name is for the time being. */
static __always_inline void np_on_accepted(struct sock *sk, __u64 cookie,
                                           const struct np_connection *listener) {
  struct np_socket_totals *totals = np_totals();
  struct tcp_sock *tp = NP_TCP_SOCK(sk);
  __u64 now = bpf_ktime_get_ns();
  struct np_connection c = {};

  if (!totals)
    return;
  c.established_ns = now;
  c.protocol = IPPROTO_TCP;
  c.role = NP_ROLE_SERVER;
  c.state = TCP_ESTABLISHED;
  np_set_identity(&c, cookie, now);
  np_read_tuple(sk, &c);
  if (listener)
    np_inherit_owner(&listener->owner, &c.owner);
  /* The ACK waited while accept() had the lock. */
  np_learn_owner(sk, &c.owner, NP_KNOWN_BY_ACCEPT);
  /* So far the kernel has measured one round trip: SYN-ACK to ACK. */
  if (tp)
    c.srtt_us = NP_GET(tp, srtt_us) >> 3;
  c.handshake_ns = (__u64)c.srtt_us * 1000;
  c.opened_ns = now - c.handshake_ns;
  NP_COUNT(totals->connections[NP_TCP][NP_ROLE_SERVER], 1);
  if (c.handshake_ns)
    np_latency_add(&totals->handshake[NP_ROLE_SERVER], c.handshake_ns);
  np_insert((__u64)sk, &c, now, totals);
  np_emit(&c, NP_SOCKET_ACCEPT, now, totals);
}

/*
 * Why connect() failed. The kernel notes no error in the socket where it finds
 * no local port (or the one asked for has this peer already): it turns back
 * before the SYN and before the socket gets its route (IPv4) or its first
 * sequence number (a new socket of either), as nothing else does.
 */
static __always_inline __u32 np_error_of_failure(struct sock *sk, struct tcp_sock *tp) {
  __u32 error = (__u32)NP_GET(sk, sk_err);

  if (!error && tp && !NP_GET(tp, segs_out) &&
      (!NP_GET(sk, sk_dst_cache) || !NP_GET(tp, write_seq)))
    return NP_EADDRNOTAVAIL;
  return error;
}

static __always_inline void np_on_failed(struct sock *sk, struct np_connection *c) {
  struct tcp_sock *tp = NP_TCP_SOCK(sk);
  struct np_socket_totals *totals = np_totals();
  __u32 error = np_error_of_failure(sk, tp);
  __u8 verdict = np_verdict_of_failure(error);
  __u64 now = bpf_ktime_get_ns();
  __u64 key = (__u64)sk;

  if (!totals)
    return;
  NP_COUNT(totals->failures[NP_INDEX(error, NP_ERRNO_SLOTS)], 1);
  NP_COUNT(totals->verdicts[NP_INDEX(verdict, NP_VERDICT_SLOTS)], 1);
  if (!c) {
    NP_COUNT(totals->events[NP_SOCKET_CONNECT], 1);
    return;
  }
  c->state = TCP_CLOSE;
  c->closed_ns = now;
  c->error = (__u16)error;
  c->verdict = verdict;
  c->flags |= NP_CONN_ENDED | NP_CONN_FAILED;
  if (tp)
    c->retransmits = NP_GET(tp, total_retrans);
  if (!c->src_port && tp) /* skc_num is given back already */
    c->src_port = bpf_ntohs(NP_GET(tp, inet_conn.icsk_inet.inet_sport));
  NP_COUNT(totals->retransmits, c->retransmits);
  np_emit(c, NP_SOCKET_CONNECT, now, totals);
  bpf_map_delete_elem(&connection_map, &key);
}

static __always_inline void np_on_unknown_end(struct sock *sk, __u32 state) {
  struct np_socket_totals *totals = np_totals();
  __u32 error = (__u32)NP_GET(sk, sk_err);
  struct np_connection c = {};
  __u8 verdict;

  if (!totals || state == TCP_SYN_RECV)
    return;
  if (!np_missed_some) {
    NP_COUNT(totals->from_before, 1);
    return; /* its bytes are not of this time */
  }
  NP_COUNT(totals->unseen, 1);
  np_read_tcp(sk, state, &c);
  NP_COUNT(totals->sent[NP_TCP], c.bytes_sent);
  NP_COUNT(totals->recv[NP_TCP], c.bytes_recv);
  NP_COUNT(totals->retransmits, c.retransmits);
  NP_COUNT(totals->events[NP_SOCKET_CLOSE], 1);
  verdict = np_verdict_of_end(state, error, c.role, np_flag(sk, SOCK_DEAD));
  NP_COUNT(totals->verdicts[NP_INDEX(verdict, NP_VERDICT_SLOTS)], 1);
}

static __always_inline void np_on_closed(struct sock *sk, __u32 state, struct np_connection *c) {
  __u32 error = (__u32)NP_GET(sk, sk_err);
  bool dead = np_flag(sk, SOCK_DEAD);

  np_read_tcp(sk, state, c);
  if (error != NP_ECONNABORTED) /* which somebody else may do to it */
    np_learn_owner(sk, &c->owner, NP_KNOWN_BY_CLOSE);
  c->state = TCP_CLOSE;
  c->closed_ns = bpf_ktime_get_ns();
  c->error = (__u16)error;
  c->verdict = np_verdict_of_end(state, error, c->role, dead);
  c->flags |= NP_CONN_ENDED;
  /* While its program still holds the socket it may read what is left. */
  if (dead)
    np_finish((__u64)sk, c, c->closed_ns);
}

static __always_inline void np_on_close(struct sock *sk, __u32 state) {
  __u64 key = (__u64)sk;
  struct np_connection *c = np_entry_of(sk);

  if (state == TCP_SYN_SENT) {
    np_on_failed(sk, c);
  } else if (state == TCP_LISTEN) {
    bpf_map_delete_elem(&connection_map, &key);
  } else if (state == TCP_CLOSE) {
    return;
  } else if (c) {
    np_on_closed(sk, state, c);
  } else {
    np_on_unknown_end(sk, state);
  }
}

/* The kernel lets go of a socket: what its program read after the end counts. And an
 * end that was missed is noticed while what the socket had can still be read. */
static __always_inline void np_on_destroy(struct sock *sk) {
  struct np_connection *c = np_entry_of(sk);
  struct np_socket_totals *totals = np_totals();
  struct tcp_sock *tp = NP_TCP_SOCK(sk);
  __u64 now;

  if (!c || !totals || c->state == TCP_LISTEN)
    return;
  now = bpf_ktime_get_ns();
  np_learn_owner(sk, &c->owner, NP_KNOWN_BY_CLOSE);
  if (c->flags & NP_CONN_ENDED) {
    if (tp)
      np_read_received(sk, tp, c);
    np_finish((__u64)sk, c, now);
    return;
  }
  /* It may have sent a FIN, or not: rather a byte too few. */
  if (c->state != TCP_SYN_SENT)
    np_read_tcp(sk, TCP_FIN_WAIT1, c);
  np_finish_missed((__u64)sk, c, now, totals);
}

#endif
