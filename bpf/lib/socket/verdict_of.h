/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a TCP connection ended, from the state it left and its error. */
#ifndef NETPROBE_SOCKET_VERDICT_H
#define NETPROBE_SOCKET_VERDICT_H

#include "kernel_types.h"

/* src/model/verdict.h; socket_probe.cc asserts that they agree. */
#include "../../abi/socket_abi.h"

/* asm-generic/errno.h: alike on x86_64 and arm64. */
enum {
  NP_EPIPE = 32,
  NP_EADDRNOTAVAIL = 99,
  NP_ENETUNREACH = 101,
  NP_ECONNABORTED = 103,
  NP_ECONNRESET = 104,
  NP_ETIMEDOUT = 110,
  NP_ECONNREFUSED = 111,
  NP_EHOSTDOWN = 112,
  NP_EHOSTUNREACH = 113,
};

static __always_inline bool np_is_unreachable(__u32 error) {
  return error == NP_ENETUNREACH || error == NP_EHOSTUNREACH || error == NP_EHOSTDOWN;
}

/* A connect() that ended without a connection. */
static __always_inline __u8 np_verdict_of_failure(__u32 error) {
  if (error == NP_ECONNREFUSED)
    return NP_VERDICT_REFUSED;
  if (error == NP_ETIMEDOUT)
    return NP_VERDICT_NO_ANSWER;
  if (np_is_unreachable(error))
    return NP_VERDICT_UNREACHABLE;
  if (error == NP_EADDRNOTAVAIL)
    return NP_VERDICT_NO_LOCAL_PORT;
  return error == 0 || error == NP_ECONNABORTED ? NP_VERDICT_ABORTED : NP_VERDICT_FAILED;
}

static __always_inline __u8 np_reset_by(__u32 role, bool local) {
  if (role == NP_ROLE_UNKNOWN)
    return NP_VERDICT_RESET;
  return (role == NP_ROLE_CLIENT) == local ? NP_VERDICT_RESET_BY_CLIENT
                                           : NP_VERDICT_RESET_BY_SERVER;
}

/* A connection that left `state` for CLOSE. `dead`: its program had let go. */
static __always_inline __u8 np_verdict_of_end(__u32 state, __u32 error, __u32 role, bool dead) {
  if (state == TCP_SYN_RECV)
    return NP_VERDICT_HALF_OPEN;
  if (error == NP_ECONNRESET || error == NP_EPIPE) {
    /* Data that comes after close() is answered by a reset of our own, and
     * the kernel notes the same error for it. */
    if (dead && (state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2))
      return NP_VERDICT_RESET;
    return np_reset_by(role, false);
  }
  if (error == NP_ETIMEDOUT || np_is_unreachable(error))
    return NP_VERDICT_TIMED_OUT;
  if (error == NP_ECONNABORTED)
    return NP_VERDICT_ABORTED;
  if (error)
    return NP_VERDICT_FAILED;
  /* No FIN was sent: unread data, SO_LINGER of 0 or a disconnect. */
  if (state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT)
    return np_reset_by(role, true);
  return NP_VERDICT_CLOSED;
}

#endif
