// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Sockets of every network namespace: who connects to whom, with how many
 * bytes and how well. Hooks run when a TCP socket changes its state and when
 * it is destroyed, never per segment; bytes and round trips are read from the
 * socket itself. For UDP, which has no states, they run per system call.
 *
 * Every rung of the ladder is here; user space loads the programs of one:
 * socket_programs.cc. A second build, with NP_DIRECT, has those whose pointers
 * the verifier knows, and reads them by plain loads (5.12).
 */
#include "abi/socket_abi.h"
#include "lib/socket/listener.h"
#include "lib/socket/tcp.h"
#include "lib/socket/udp.h"
#include "lib/socket/udp_calls.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* `cookie` is an expression: it is asked for where one is needed only. */
#define NP_ON_STATE(sk, old, new, cookie)                                      \
  do {                                                                         \
    switch (new) {                                                             \
      case TCP_SYN_SENT:                                                       \
        np_on_connecting(sk, cookie);                                          \
        break;                                                                 \
      case TCP_LISTEN:                                                         \
        np_on_listening(sk, cookie);                                           \
        break;                                                                 \
      case TCP_ESTABLISHED: {                                                  \
        struct np_connection *c = np_entry_of(sk);                             \
                                                                               \
        /* Two sides that connect to each other meet in SYN_RECV. */           \
        if ((old) == TCP_SYN_SENT || (c && c->state == TCP_SYN_SENT))          \
          np_on_connected(sk, c);                                              \
        else                                                                   \
          np_on_accepted(sk, cookie, np_listener_of(sk));                      \
        break;                                                                 \
      }                                                                        \
      case TCP_SYN_RECV:                                                       \
        if ((old) == TCP_LISTEN)                                               \
          np_on_newborn(sk);                                                   \
        break;                                                                 \
      case TCP_FIN_WAIT1:                                                      \
      case TCP_LAST_ACK: { /* close() or shutdown(): its process is at work */ \
        struct np_connection *c = np_entry_of(sk);                             \
                                                                               \
        if (c)                                                                 \
          np_learn_owner(sk, &c->owner, NP_KNOWN_BY_CLOSE);                    \
        break;                                                                 \
      }                                                                        \
      case TCP_CLOSE:                                                          \
        np_on_close(sk, old);                                                  \
        break;                                                                 \
    }                                                                          \
  } while (0)

#define NP_COOKIE(sk) (np_config.has_cookie ? bpf_get_socket_cookie(sk) : 0)

/* Rung 1: typed tracepoints. */

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(netprobe_socket_state, struct sock *sk, int old, int new) {
  if (sk->sk_protocol != IPPROTO_TCP)
    return 0;
  NP_ON_STATE(sk, old, new, NP_COOKIE(sk));
  return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(netprobe_socket_destroy, struct sock *sk) {
  np_on_destroy(sk);
  return 0;
}

#ifndef NP_DIRECT

/* Rung 2: raw tracepoints, the same without types. */

SEC("raw_tp/inet_sock_set_state")
int netprobe_socket_state_raw(struct bpf_raw_tracepoint_args *ctx) {
  struct sock *sk = (struct sock *)ctx->args[0];
  int old = (int)ctx->args[1];
  int new = (int)ctx->args[2];

  if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
    return 0;
  NP_ON_STATE(sk, old, new, 0);
  return 0;
}

SEC("raw_tp/tcp_destroy_sock")
int netprobe_socket_destroy_raw(struct bpf_raw_tracepoint_args *ctx) {
  np_on_destroy((struct sock *)ctx->args[0]);
  return 0;
}

/* Rung 3: the functions that those tracepoints stand in. */

SEC("kprobe/inet_sk_state_store")
int BPF_KPROBE(netprobe_socket_state_kprobe, struct sock *sk, int new) {
  int old = BPF_CORE_READ(sk, __sk_common.skc_state);

  if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
    return 0;
  NP_ON_STATE(sk, old, new, 0);
  return 0;
}

/* Which a socket takes once: as a new one of a listening socket. */
SEC("kprobe/inet_sk_set_state")
int BPF_KPROBE(netprobe_socket_newborn_kprobe, struct sock *sk, int new) {
  if (new == TCP_SYN_RECV && BPF_CORE_READ(sk, sk_protocol) ==
                                 IPPROTO_TCP &&BPF_CORE_READ(sk, __sk_common.skc_state) ==
                                 TCP_LISTEN)
    np_on_newborn(sk);
  return 0;
}

SEC("kprobe/tcp_v4_destroy_sock")
int BPF_KPROBE(netprobe_socket_destroy_kprobe, struct sock *sk) {
  np_on_destroy(sk);
  return 0;
}

#endif

/* UDP, rung 1: 6.3 has tracepoints for every socket's system calls. */

SEC("tp_btf/sock_send_length")
int BPF_PROG(netprobe_udp_send, struct sock *sk, int bytes, int flags) {
  if (sk->sk_protocol == IPPROTO_UDP && sk->sk_type == SOCK_DGRAM)
    np_udp(sk, bytes, false, NP_COOKIE(sk));
  return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(netprobe_udp_recv, struct sock *sk, int bytes, int flags) {
  if (sk->sk_protocol == IPPROTO_UDP && sk->sk_type == SOCK_DGRAM &&
      !(flags & (MSG_PEEK | MSG_ERRQUEUE)))
    np_udp(sk, bytes, true, NP_COOKIE(sk));
  return 0;
}

/* UDP, rung 2: where the functions end. An IPv6 socket that sends to a mapped
 * address comes through both. */

SEC("fexit/udp_sendmsg")
int BPF_PROG(netprobe_udp4_send_fexit, struct sock *sk, void *msg, unsigned long length,
             int bytes) {
  if (np_is_family(sk, AF_INET))
    np_udp(sk, bytes, false, NP_COOKIE(sk));
  return 0;
}

SEC("fexit/udpv6_sendmsg")
int BPF_PROG(netprobe_udp6_send_fexit, struct sock *sk, void *msg, unsigned long length,
             int bytes) {
  np_udp(sk, bytes, false, NP_COOKIE(sk));
  return 0;
}

SEC("fexit/udp_recvmsg")
int BPF_PROG(netprobe_udp4_recv_fexit, struct sock *sk, void *msg, unsigned long length, int flags,
             void *address_length, int bytes) {
  np_udp_received(sk, bytes, flags, NP_COOKIE(sk));
  return 0;
}

SEC("fexit/udpv6_recvmsg")
int BPF_PROG(netprobe_udp6_recv_fexit, struct sock *sk, void *msg, unsigned long length, int flags,
             void *address_length, int bytes) {
  np_udp_received(sk, bytes, flags, NP_COOKIE(sk));
  return 0;
}

/* Until 5.18 there is one argument more before the flags. */

SEC("fexit/udp_recvmsg")
int BPF_PROG(netprobe_udp4_recv_fexit_old, struct sock *sk, void *msg, unsigned long length,
             int noblock, int flags, void *address_length, int bytes) {
  np_udp_received(sk, bytes, flags, NP_COOKIE(sk));
  return 0;
}

SEC("fexit/udpv6_recvmsg")
int BPF_PROG(netprobe_udp6_recv_fexit_old, struct sock *sk, void *msg, unsigned long length,
             int noblock, int flags, void *address_length, int bytes) {
  np_udp_received(sk, bytes, flags, NP_COOKIE(sk));
  return 0;
}

#ifndef NP_DIRECT

/* UDP, rung 3: where a send begins, and where it ends; and where a receive has
 * its datagram. */

SEC("kprobe/udp_sendmsg")
int BPF_KPROBE(netprobe_udp4_send_kprobe, struct sock *sk) {
  if (np_is_family(sk, AF_INET))
    np_udp_enter(sk, NP_CALL_SEND4);
  return 0;
}

SEC("kretprobe/udp_sendmsg")
int BPF_KRETPROBE(netprobe_udp4_send_kretprobe, int bytes) {
  np_udp_leave(NP_CALL_SEND4, bytes);
  return 0;
}

SEC("kprobe/udpv6_sendmsg")
int BPF_KPROBE(netprobe_udp6_send_kprobe, struct sock *sk) {
  np_udp_enter(sk, NP_CALL_SEND6);
  return 0;
}

SEC("kretprobe/udpv6_sendmsg")
int BPF_KRETPROBE(netprobe_udp6_send_kretprobe, int bytes) {
  np_udp_leave(NP_CALL_SEND6, bytes);
  return 0;
}

/* Of both families, with the bytes that recv() returns, or minus that for a
 * look. A receiver that waits is in no kretprobe, of which there are few. */
SEC("kprobe/skb_consume_udp")
int BPF_KPROBE(netprobe_udp_recv_kprobe, struct sock *sk, void *skb, int bytes) {
  if (np_is_udp(sk))
    np_udp(sk, bytes, true, 0);
  return 0;
}

#endif
