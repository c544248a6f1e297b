/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Who is called what: DNS messages, and claims of addresses by ARP and IPv6
 * neighbour discovery. The ring buffer name_events has the messages as they were
 * on the wire, name_stats what was not told. Units and byte order as in
 * flow_abi.h.
 */
#ifndef NETPROBE_BPF_ABI_NAME_H
#define NETPROBE_BPF_ABI_NAME_H

#include "types.h"

#define NP_DNS_PORT 53

enum np_name_kind {
  NP_NAME_DNS,
  NP_NAME_ARP, /* all of RFC 826's packet */
  NP_NAME_ND,  /* ICMPv6 neighbour solicitation or advertisement, from its type on */
  NP_NAME_KINDS,
};

/* DNS and neighbours have budgets of their own: one cannot starve the other. */
enum np_name_budget { NP_NAME_BUDGET_DNS, NP_NAME_BUDGET_NEIGHBOUR, NP_NAME_BUDGETS };

/* What a message is told with. Budgets are counted by CPU in windows of 2^24 ns
 * (17 ms). */
#define NP_NAME_WINDOW_SHIFT 24

struct np_name_head {
  __u64 timestamp; /* CLOCK_MONOTONIC to a jiffy */
  __u8 src_ip[16]; /* zero for ARP */
  __u8 dst_ip[16];
  __u32 ifindex;
  __u16 src_port;
  __u16 dst_port;
  __u16 vlan;     /* NP_NO_VLAN without */
  __u16 length;   /* bytes of the message on the wire */
  __u16 captured; /* of those, behind this head */
  __u8 kind;      /* enum np_name_kind */
  __u8 direction; /* enum np_direction */
};
NP_ABI_ASSERT(sizeof(struct np_name_head) == 56, "name head is 56 bytes");

#define NP_DNS_BYTES 512 /* a power of two */
#define NP_NEIGHBOUR_BYTES 64

struct np_dns_event {
  struct np_name_head head;
  __u8 data[NP_DNS_BYTES]; /* what is behind `captured` is nothing */
};

struct np_neighbour_event {
  struct np_name_head head;
  __u8 data[NP_NEIGHBOUR_BYTES];
};

/* One a CPU. */
struct np_name_stats {
  __u64 seen[NP_NAME_KINDS];      /* whole ones */
  __u64 too_short[NP_NAME_KINDS]; /* at that port or of that type, and less than its header */
  __u64 over_budget[NP_NAME_BUDGETS];
  __u64 ring_full;
  __u64 window[NP_NAME_BUDGETS]; /* that `taken` is of */
  __u32 taken[NP_NAME_BUDGETS];
};

#endif
