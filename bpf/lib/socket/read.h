/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Reads of sockets and tasks. The same code serves typed tracepoints, whose
 * pointers the verifier knows (NP_DIRECT: plain loads), and raw ones, kprobes
 * and iterators, where each read is a call that fails where the socket has gone.
 */
#ifndef NETPROBE_SOCKET_READ_H
#define NETPROBE_SOCKET_READ_H

#include "../../abi/socket_abi.h"
#include "kernel_types.h"
#include "maps.h"

#include <bpf/bpf_endian.h>

#ifdef NP_DIRECT
#define NP_GET(from, member) ((from)->member)
#define NP_NETNS(sk) ((sk)->__sk_common.skc_net.net->ns.inum)
#define NP_CGROUP(task) ((task)->cgroups->dfl_cgrp->kn->id)
#define NP_TCP_SOCK(sk) bpf_skc_to_tcp_sock(sk)
#define NP_CURRENT() bpf_get_current_task_btf()
#else
#define NP_GET(from, member) BPF_CORE_READ(from, member)
#define NP_NETNS(sk) BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum)
#define NP_CGROUP(task) BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id)
#define NP_TCP_SOCK(sk) ((struct tcp_sock *)(sk))
#define NP_CURRENT() ((struct task_struct *)bpf_get_current_task())
#endif

#define NP_STATE_BIT(state) (1U << (state))
/* A FIN of ours is in the send queue, or was, in these states. */
#define NP_FIN_STATES                                                                       \
  (NP_STATE_BIT(TCP_FIN_WAIT1) | NP_STATE_BIT(TCP_FIN_WAIT2) | NP_STATE_BIT(TCP_LAST_ACK) | \
   NP_STATE_BIT(TCP_CLOSING) | NP_STATE_BIT(TCP_TIME_WAIT))

/* A raw socket may carry the protocol's number too. */
static __always_inline bool np_is_udp(struct sock *sk) {
  return NP_GET(sk, sk_protocol) == IPPROTO_UDP && NP_GET(sk, sk_type) == SOCK_DGRAM;
}

static __always_inline bool np_flag(struct sock *sk, int flag) {
  return NP_GET(sk, __sk_common.skc_flags) >> flag & 1;
}

static __always_inline void np_map_ipv4(__u8 to[16], __be32 address) {
  __u32 words[4] = {0, 0, bpf_htonl(0xffff), address};

  __builtin_memcpy(to, words, 16);
}

static __always_inline void np_read_peer(struct sock *sk, __u8 ip[16], __u16 *port) {
  if (NP_GET(sk, __sk_common.skc_family) == AF_INET)
    np_map_ipv4(ip, NP_GET(sk, __sk_common.skc_daddr));
  else
    bpf_probe_read_kernel(ip, 16, &sk->__sk_common.skc_v6_daddr);
  *port = bpf_ntohs(NP_GET(sk, __sk_common.skc_dport));
}

static __always_inline void np_read_tuple(struct sock *sk, struct np_connection *c) {
  if (NP_GET(sk, __sk_common.skc_family) == AF_INET)
    np_map_ipv4(c->src_ip, NP_GET(sk, __sk_common.skc_rcv_saddr));
  else
    bpf_probe_read_kernel(c->src_ip, 16, &sk->__sk_common.skc_v6_rcv_saddr);
  c->src_port = NP_GET(sk, __sk_common.skc_num);
  np_read_peer(sk, c->dst_ip, &c->dst_port);
  c->netns = NP_NETNS(sk);
}

/* A process's name is its leader's: threads have names of their own. */
static __always_inline void np_read_task(struct task_struct *task, struct np_owner *owner,
                                         enum np_known_by how) {
  struct task_struct *leader = NP_GET(task, group_leader);
  struct np_owner whole = {};

  whole.pid = (__u32)NP_GET(task, tgid);
  whole.tid = (__u32)NP_GET(task, pid);
  whole.cgroup_id = NP_CGROUP(task);
  bpf_probe_read_kernel(whole.comm, sizeof(whole.comm), &leader->comm);
  whole.known_by = (__u8)how;
  /* Of what was read, not of what stands there: another may write there, too. */
  whole.check = np_owner_check(&whole);
  *owner = whole;
}

/* The running process, whoever's interrupt this may be. */
static __always_inline void np_read_current(struct np_owner *owner, enum np_known_by how) {
  struct task_struct *task = NP_CURRENT();

  if (NP_GET(task, flags) & PF_KTHREAD)
    return; /* the kernel's own sockets, and work that it does for others */
  np_read_task(task, owner, how);
}

/*
 * Who is at work on this socket. While sk_lock.owned is set, the task that runs
 * is the one that locked the socket in a system call: softirqs leave an owned
 * socket alone and put their work into its backlog, which that same task does.
 * Without it this runs in an interrupt of somebody who has nothing to do with
 * the socket.
 */
static __always_inline void np_learn_owner(struct sock *sk, struct np_owner *owner,
                                           enum np_known_by how) {
  if (!np_owner_is_certain(owner) && NP_GET(sk, sk_lock.owned))
    np_read_current(owner, how);
}

/* Of a copy: the listener's own may be written meanwhile. */
static __always_inline void np_inherit_owner(const struct np_owner *from, struct np_owner *to) {
  struct np_owner copy = *from;

  if (!np_owner_is_whole(&copy))
    return;
  copy.known_by = NP_KNOWN_BY_LISTENER;
  copy.check = np_owner_check(&copy);
  *to = copy;
}

/*
 * Payload and quality of a TCP socket that is (or was, until this moment) in
 * `state`.
 *
 * Sent is what the program wrote: everything below write_seq, of which snd_una
 * is counted in 64 bits as bytes_acked. One of that is the SYN where this side
 * sent the SYN (a server's count begins behind it), one is the FIN once it is
 * queued. Received is what the program read: rcv_nxt, counted in 64 bits as
 * bytes_received, less what waits above copied_seq. One of that is the peer's
 * FIN, which a reader passes as it reads to the end.
 *
 * A sweep reads while other CPUs go on. Each sum is read from its oldest part
 * to its newest, so that it comes out too small rather than too large, which
 * totals would keep; and differences are signed.
 */
static __always_inline void np_read_sent(struct tcp_sock *tp, __u32 state,
                                         struct np_connection *c) {
  __u32 fin = (NP_STATE_BIT(state) & NP_FIN_STATES) ? 1 : 0;
  __s64 acked = NP_GET(tp, bytes_acked);
  __u32 snd_una = NP_GET(tp, snd_una);
  __u32 write_seq = NP_GET(tp, write_seq);
  __s64 sent = acked + (__s32)(write_seq - snd_una) - fin;

  if (c->role == NP_ROLE_UNKNOWN) {
    /* Found later. Counted by segments there is no SYN in it: the difference
     * tells who sent it. */
    __u32 waiting = write_seq - NP_GET(tp, snd_nxt);
    __s64 segments = NP_GET(tp, bytes_sent) - NP_GET(tp, bytes_retrans) + waiting;

    if (fin && waiting)
      segments--;
    c->role = sent > segments ? NP_ROLE_CLIENT : NP_ROLE_SERVER;
  }
  if (c->role == NP_ROLE_CLIENT)
    sent--;
  /* Never backwards: a FIN is counted a moment after the state that announces
   * it. */
  if (sent > (__s64)c->bytes_sent)
    c->bytes_sent = sent;
}

static __always_inline void np_read_received(struct sock *sk, struct tcp_sock *tp,
                                             struct np_connection *c) {
  __s64 came = NP_GET(tp, bytes_received);
  __u32 rcv_nxt = NP_GET(tp, rcv_nxt);
  __s32 unread = (__s32)(rcv_nxt - NP_GET(tp, copied_seq));
  __s64 received = came - unread;

  if (!unread && np_flag(sk, SOCK_DONE))
    received--;
  /* Never backwards: tcp_disconnect() clears all of it. */
  if (received > (__s64)c->bytes_recv)
    c->bytes_recv = received;
}

static __always_inline void np_read_quality(struct tcp_sock *tp, struct np_connection *c) {
  __u32 min_rtt = NP_GET(tp, rtt_min.s[0].v);

  c->srtt_us = NP_GET(tp, srtt_us) >> 3;
  c->min_rtt_us = min_rtt == ~0U ? 0 : min_rtt;
  c->rto_us = NP_GET(tp, inet_conn.icsk_rto) * np_config.tick_us;
  c->cwnd = NP_GET(tp, snd_cwnd);
  c->retransmits = NP_GET(tp, total_retrans);
  c->segments_sent = NP_GET(tp, data_segs_out);
}

static __always_inline void np_read_tcp(struct sock *sk, __u32 state, struct np_connection *c) {
  struct tcp_sock *tp = NP_TCP_SOCK(sk);

  if (!tp)
    return;
  /* connect() sets one sequence number after the other. */
  if (state != TCP_SYN_SENT) {
    np_read_sent(tp, state, c);
    np_read_received(sk, tp, c);
  }
  np_read_quality(tp, c);
}

static __always_inline __u32 np_read_drops(struct sock *sk) {
  __u32 drops = BPF_CORE_READ(sk, sk_drops.counter);

  if (bpf_core_field_exists(sk->sk_drop_counters)) {
    struct numa_drop_counters *counters = BPF_CORE_READ(sk, sk_drop_counters);

    if (counters) /* 6.18 counts UDP's by NUMA node */
      drops += BPF_CORE_READ(counters, drops0.counter) + BPF_CORE_READ(counters, drops1.counter);
  }
  return drops;
}

#endif
