/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the drop programs and their reader share. */
#ifndef NETPROBE_BPF_ABI_DROP_ABI_H
#define NETPROBE_BPF_ABI_DROP_ABI_H

#include "flow_abi.h" /* enum np_tunnel, NP_TUNNEL_PORTS */
#include "types.h"

#define NP_DROP_FRAMES 24 /* frames of a stack; a power of two is not needed */

enum np_drop_flags {
  NP_DROP_IP = 1 << 0,          /* the addresses and the protocol are set */
  NP_DROP_PORTS = 1 << 1,       /* so are the ports */
  NP_DROP_FROM_SOCKET = 1 << 2, /* the tuple is the socket's: no header was there yet */
  NP_DROP_VNI = 1 << 3,         /* inside a tunnel: its header has a VNI, or GRE's key */
};

/* What one IP header says. Addresses in network order, ports in host order. */
struct np_drop_tuple {
  __u8 src_ip[16]; /* IPv4 mapped */
  __u8 dst_ip[16];
  __u16 src_port;
  __u16 dst_port;
  __u8 proto;
  __u8 flags; /* enum np_drop_flags */
};
NP_ABI_ASSERT(sizeof(struct np_drop_tuple) == 38, "a tuple has no padding");

/* Drops that are one record. */
struct np_drop_key {
  struct np_drop_tuple tuple; /* of the outermost IP header */
  __u16 ethertype;            /* host order; 0 not known */
  __u64 location;             /* kernel address behind the call that dropped */
  __u32 reason;               /* enum skb_drop_reason of the running kernel */
  __u32 ifindex;              /* 0 without a device */
  __u32 netns;                /* inode of the network namespace; 0 not known */
  __s32 stack_id;             /* negative without */
};
NP_ABI_ASSERT(sizeof(struct np_drop_key) == 64, "a drop key is a cache line");

/* Drops of tunnel packets that are one record: a table of their own, so that
 * all others are looked up by one cache line. */
struct np_drop_tunnel_key {
  struct np_drop_key outer;
  struct np_drop_tuple inner;
  __u8 tunnel; /* enum np_tunnel */
  __u8 reserved0;
  __u32 vni; /* 0 without */
  __u32 reserved1;
};
NP_ABI_ASSERT(sizeof(struct np_drop_tunnel_key) == 112, "a tunnel's drop key is 112 bytes");

struct np_drop_value {
  __u64 packets; /* wire packets: a super-packet counts as its segments */
  __u64 bytes;   /* IP bytes of those, as far as known */
  __u64 first_ns;
  __u64 last_ns;
  char interface[16]; /* name of the device at the first drop */
};
NP_ABI_ASSERT(sizeof(struct np_drop_value) == 48, "a drop value is 48 bytes");

/* What found no room in the table: counted without its flow, never drained. */
struct np_drop_place {
  __u64 location;
  __u32 reason;
  __u32 reserved0;
};
struct np_drop_sum {
  __u64 packets;
  __u64 bytes;
};

/*
 * One CPU's line. `enter` and `leave` tell the reader when no program writes
 * to a table any more: see bpf/lib/drop_table.h.
 */
struct np_drop_cpu {
  __u64 enter[2];
  __u64 leave[2];
  __u64 drops;       /* packets, all of them */
  __u64 unplaced;    /* packets that are in no table at all */
  __u64 local;       /* messages of local sockets: freed, but no packets */
  __u64 stacks_lost; /* stacks that the stack map had no room for */
  __u64 fence;
  __u64 reserved[7];
};
NP_ABI_ASSERT(sizeof(struct np_drop_cpu) == 128, "a CPU's line is its own");

/* Configuration, fixed at load. */
struct np_drop_config {
  __u32 skip[2];                     /* reasons that say that nothing was dropped */
  __u32 skips;                       /* how many of them there are */
  __u32 stacks;                      /* record stacks */
  __u32 tunnels;                     /* look inside tunnels */
  __u16 vxlan_port[NP_TUNNEL_PORTS]; /* 0: unused */
  __u16 geneve_port[NP_TUNNEL_PORTS];
};

/* Which of the two tables programs write to; user space switches it. */
struct np_drop_active {
  __u64 table;
  __u64 full[2]; /* no room was found: not tried again until it is emptied */
  __u64 tunnel_full[2];
};

/* A question to kernel_name.bpf.c and its answer. */
struct np_kernel_name {
  __u64 address;
  char name[256]; /* "ip_forward+0x1a2/0x3f0 [module]", or a number where there is none */
};

#endif
