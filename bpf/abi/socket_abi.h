/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the socket programs write and user space reads.
 *
 * Integers are in host byte order, ports too; addresses are 16 bytes in
 * network order with IPv4 mapped; times are nanoseconds of CLOCK_MONOTONIC;
 * bytes are payload as programs count it: what send() took and what recv()
 * gave (docs/connections.md has the formula).
 */
#ifndef NETPROBE_BPF_ABI_SOCKET_H
#define NETPROBE_BPF_ABI_SOCKET_H

#include "types.h"

/* A record of the ring buffer socket_events. */
enum np_socket_event_type {
  NP_SOCKET_CONNECT = 0, /* connect() has an outcome: established, or np_connection.error */
  NP_SOCKET_ACCEPT = 1,  /* a connection to a listening socket is established */
  NP_SOCKET_CLOSE = 2,   /* an established connection is over, its bytes are final */
  NP_SOCKET_SEND = 3,    /* UDP: sends, in sums and never in the ring */
  NP_SOCKET_RECV = 4,
  NP_SOCKET_EVENT_TYPES = 5,
};

enum np_socket_role {
  NP_ROLE_UNKNOWN = 0,
  NP_ROLE_CLIENT = 1,
  NP_ROLE_SERVER = 2,
  NP_ROLES = 3,
};

/* enum Verdict of src/model/verdict.h, where each is explained. */
enum np_verdict {
  NP_VERDICT_UNKNOWN,
  NP_VERDICT_CONNECTING,
  NP_VERDICT_OPEN,
  NP_VERDICT_HALF_CLOSED,
  NP_VERDICT_CLOSED,
  NP_VERDICT_REFUSED,
  NP_VERDICT_NO_ANSWER,
  NP_VERDICT_UNREACHABLE,
  NP_VERDICT_ABORTED,
  NP_VERDICT_HALF_OPEN,
  NP_VERDICT_RESET_BY_CLIENT,
  NP_VERDICT_RESET_BY_SERVER,
  NP_VERDICT_RESET,
  NP_VERDICT_TIMED_OUT,
  NP_VERDICT_FAILED,
  NP_VERDICT_IDLE,
  /* Two are told by packets alone. */
  NP_VERDICT_NO_LOCAL_PORT = 18,
  NP_VERDICTS,
};

/* np_connection.flags */
enum np_connection_flags {
  NP_CONN_FOUND_LATER = 1 << 0, /* was there before anybody looked */
  NP_CONN_ENDED = 1 << 1,       /* closed; its program still holds the socket */
  NP_CONN_FAILED = 1 << 2,      /* connect() failed */
  NP_CONN_STALE = 1 << 3,       /* sweep only: the socket is gone, the entry may go */
  NP_CONN_SHARED = 1 << 4,      /* a listening socket that several processes hold */
  NP_CONN_REUSED = 1 << 5,      /* sweep only, of a stale one: what was read is another's */
};

/* How an owner is known. All but one tell the process that has the socket. */
enum np_known_by {
  NP_KNOWN_BY_NOTHING = 0,
  NP_KNOWN_BY_CONNECT = 1,  /* it called connect() */
  NP_KNOWN_BY_LISTEN = 2,   /* it called listen() */
  NP_KNOWN_BY_ACCEPT = 3,   /* it was at work on the socket when the handshake ended */
  NP_KNOWN_BY_CLOSE = 4,    /* it shut the socket down, closed it or read it to the end */
  NP_KNOWN_BY_DATA = 5,     /* UDP: it sent or received */
  NP_KNOWN_BY_FILE = 6,     /* it has the socket among its open files */
  NP_KNOWN_BY_LISTENER = 7, /* it has the socket that listens: another may have accepted */
  NP_KNOWN_BYS,
};

/*
 * A thread and its process, taken while it was at work on the socket. Programs
 * write it into an entry while others read, or write, the same: it is whole where
 * np_owner_is_whole() says so, and else not known.
 */
struct np_owner {
  __u32 pid; /* thread group, initial namespace; 0: not known */
  __u32 tid;
  __u64 cgroup_id;
  char comm[15]; /* of the thread group's leader; without a 0 where all are used */
  __u8 known_by; /* enum np_known_by */
  __u64 check;   /* np_owner_check() of the rest */
};
NP_ABI_ASSERT(sizeof(struct np_owner) == 40, "owner is 40 bytes");

/* Members of two owners do not add up to it, nor do old and new ones. */
NP_ABI_INLINE __u64 np_owner_check(const struct np_owner *owner) {
  const __u64 factor = 0x9e3779b97f4a7c15ULL; /* odd: no multiplication loses anything */
  __u64 comm[2];                              /* and known_by behind it */
  __u64 sum = ((__u64)owner->pid << 32 | owner->tid) * factor;

  __builtin_memcpy(comm, (const char *)owner + __builtin_offsetof(struct np_owner, comm),
                   sizeof(comm));
  sum = (sum ^ sum >> 29 ^ owner->cgroup_id) * factor;
  sum = (sum ^ sum >> 29 ^ comm[0]) * factor;
  return (sum ^ sum >> 29 ^ comm[1]) * factor;
}

NP_ABI_INLINE int np_owner_is_whole(const struct np_owner *owner) {
  return owner->pid && owner->check == np_owner_check(owner);
}

/* Known, and not just whose listening socket it came to. */
NP_ABI_INLINE int np_owner_is_certain(const struct np_owner *owner) {
  return owner->known_by != NP_KNOWN_BY_LISTENER && np_owner_is_whole(owner);
}

/* A TCP socket, or a UDP socket of one process with one peer. */
struct np_connection {
  __u64 id;           /* unique while the machine runs: TCP's cookie where there is one */
  __u64 cookie;       /* the kernel's; 0 where it had none */
  __u64 opened_ns;    /* connect() began, the SYN came, or the first datagram */
  __u64 handshake_ns; /* how long the handshake took; 0 not known */
  __u64 established_ns;
  __u64 closed_ns; /* UDP: when it was last used, to a jiffy */
  __u64 bytes_sent;
  __u64 bytes_recv;
  __u64 base_sent; /* of these, what was before anybody looked */
  __u64 base_recv;
  struct np_owner owner;
  __u8 src_ip[16]; /* the socket's own */
  __u8 dst_ip[16];
  __u16 src_port;
  __u16 dst_port;
  __u32 netns; /* inode */
  __u8 protocol;
  __u8 role;    /* enum np_socket_role */
  __u8 state;   /* the kernel's TCP states: 1 established … 10 listen, 12 new SYN */
  __u8 flags;   /* enum np_connection_flags */
  __u8 verdict; /* enum np_verdict, once it has ended */
  __u8 reserved0;
  __u16 error; /* errno that ended it */
  __u32 srtt_us;
  __u32 min_rtt_us;
  __u32 rto_us;
  __u32 cwnd;          /* segments */
  __u32 retransmits;   /* segments */
  __u32 segments_sent; /* with data */
  __u32 receive_drops; /* datagrams that found the receive queue full */
  __u32 backlog;       /* listening: connections that wait for accept() */
  __u32 backlog_max;
  __u32 tick; /* UDP: jiffies, when closed_ns was read */
};
NP_ABI_ASSERT(sizeof(struct np_connection) == 208, "connection is 208 bytes");

/* Its end was missed and is noticed now: of how it ended nothing is known. */
NP_ABI_INLINE void np_mark_missed(struct np_connection *c, __u64 now) {
  c->state = 7; /* close */
  c->closed_ns = now;
  c->verdict = NP_VERDICT_UNKNOWN;
  c->flags |= NP_CONN_ENDED;
  if (!c->established_ns && !(c->flags & NP_CONN_FOUND_LATER))
    c->flags |= NP_CONN_FAILED;
}

/* As it stands in the ring. */
struct socket_event {
  __u64 timestamp;  /* ns */
  __u32 event_type; /* enum np_socket_event_type */
  __u32 pid;        /* of the owner; 0 not known */
  __u32 tid;
  __u32 reserved0;
  struct np_connection c;
};
NP_ABI_ASSERT(sizeof(struct socket_event) == 232, "socket event is 232 bytes");

/* As a sweep hands it over. */
struct np_swept {
  __u64 key; /* of connection_map: opaque */
  struct np_connection c;
};

/* A UDP flow's key in socket_udp; its value is a np_connection. */
struct np_udp_key {
  __u64 socket; /* opaque */
  __u8 dst_ip[16];
  __u32 pid;
  __u16 dst_port;
  __u16 reserved0;
};
NP_ABI_ASSERT(sizeof(struct np_udp_key) == 32, "UDP key is 32 bytes");

/* A UDP flow as a sweep hands it over. */
struct np_swept_udp {
  struct np_udp_key key;
  struct np_connection c;
};

/* Buckets of the latency histograms: model/connection.h has the bounds; the
 * last one is for all above. */
#define NP_LATENCY_BUCKETS 18
struct np_latency {
  __u64 count[NP_LATENCY_BUCKETS];
  __u64 sum_ns;
};

/* Sizes of arrays that are indexed by what is read: powers of two, so that a
 * mask is all the verifier of any kernel needs. */
#define NP_ROLE_SLOTS 4
#define NP_VERDICT_SLOTS 32
#define NP_ERRNO_SLOTS 256

/* Sums since the start on one CPU: exact whatever the ring and the maps lose. */
struct np_socket_totals {
  __u64 connections[2][NP_ROLE_SLOTS]; /* TCP, UDP by role: established, or begun */
  __u64 sent[2];                       /* bytes of what has ended (TCP), of all (UDP) */
  __u64 recv[2];
  __u64 events[NP_SOCKET_EVENT_TYPES]; /* by enum np_socket_event_type */
  __u64 retransmits;                   /* of what has ended */
  __u64 ring_records;
  __u64 ring_full;                  /* events that found no space */
  __u64 map_full;                   /* connections that have no entry */
  __u64 udp_full;                   /* UDP flows that have none */
  __u64 udp_missed;                 /* sends whose end no kretprobe saw */
  __u64 unseen;                     /* ends of connections that found no space */
  __u64 from_before;                /* ends of such as began before anybody looked */
  __u64 end_missed;                 /* entries whose socket was gone without an end */
  __u64 failures[NP_ERRNO_SLOTS];   /* connects by errno */
  __u64 verdicts[NP_VERDICT_SLOTS]; /* of ended connections */
  struct np_latency rtt[NP_ROLE_SLOTS];
  struct np_latency handshake[NP_ROLE_SLOTS];
  __u64 last_id; /* that this CPU gave: of no meaning as a sum */
};

/* Configuration, fixed at load. */
struct np_socket_config {
  __u32 has_cookie; /* bpf_get_socket_cookie works in these programs */
  __u32 wake_at;    /* fill of the ring that wakes the reader, bytes */
  __u32 tick_us;    /* length of a jiffy */
  __u32 reserved0;
};

#endif
