/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a UDP send or receive means for its flow. Always the process's own
 * system call, so the running process is the one it belongs to. */
#ifndef NETPROBE_SOCKET_UDP_H
#define NETPROBE_SOCKET_UDP_H

#include "maps.h"
#include "read.h"
#include "tcp.h"

static __always_inline void np_udp_begin(struct sock *sk, struct np_udp_key *key, __u32 bytes,
                                         bool received, __u64 cookie,
                                         struct np_socket_totals *totals) {
  __u64 now = bpf_ktime_get_ns();
  struct np_connection c = {};
  struct np_connection *other;
  long error;

  c.opened_ns = now;
  c.closed_ns = now;
  c.protocol = IPPROTO_UDP;
  c.role = received ? NP_ROLE_SERVER : NP_ROLE_CLIENT;
  c.state = key->dst_port ? TCP_ESTABLISHED : TCP_CLOSE;
  np_set_identity(&c, 0, now); /* one socket may have many flows */
  c.cookie = cookie;
  np_read_tuple(sk, &c);
  np_read_current(&c.owner, NP_KNOWN_BY_DATA);
  if (received)
    c.bytes_recv = bytes;
  else
    c.bytes_sent = bytes;
  error = bpf_map_update_elem(&socket_udp, key, &c, BPF_NOEXIST);
  if (!error) {
    NP_COUNT(totals->connections[NP_UDP][received ? NP_ROLE_SERVER : NP_ROLE_CLIENT], 1);
    return;
  }
  other = bpf_map_lookup_elem(&socket_udp, key);
  if (!other) {
    NP_COUNT(totals->udp_full, 1);
    return;
  }
  /* Another thread was first. */
  if (received)
    NP_COUNT(other->bytes_recv, bytes);
  else
    NP_COUNT(other->bytes_sent, bytes);
}

static __always_inline void np_udp(struct sock *sk, int bytes, bool received, __u64 cookie) {
  struct np_socket_totals *totals = np_totals();
  struct np_udp_key key = {};
  struct np_connection *c;

  if (!totals || bytes < 0)
    return;
  NP_COUNT(totals->events[received ? NP_SOCKET_RECV : NP_SOCKET_SEND], 1);
  if (received)
    NP_COUNT(totals->recv[NP_UDP], bytes);
  else
    NP_COUNT(totals->sent[NP_UDP], bytes);
  key.socket = (__u64)sk;
  key.pid = bpf_get_current_pid_tgid() >> 32;
  np_read_peer(sk, key.dst_ip, &key.dst_port);
  c = bpf_map_lookup_elem(&socket_udp, &key);
  if (c && cookie && c->cookie != cookie) {
    if (c->cookie) {
      /* Of an earlier socket at the same address in memory. */
      bpf_map_delete_elem(&socket_udp, &key);
      c = NULL;
    } else {
      c->cookie = cookie; /* found before the socket had one */
    }
  }
  if (!c) {
    np_udp_begin(sk, &key, bytes, received, cookie, totals);
    return;
  }
  /* The precise clock is the dearest thing here: once a tick will do. */
  if (c->tick != (__u32)bpf_jiffies64()) {
    c->tick = (__u32)bpf_jiffies64();
    c->closed_ns = bpf_ktime_get_ns();
  }
  if (received)
    NP_COUNT(c->bytes_recv, bytes);
  else
    NP_COUNT(c->bytes_sent, bytes);
}

#endif
