/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the flow programs write and user space reads.
 *
 * Units and byte order, unless a field says otherwise: integers are in host
 * byte order, addresses are 16 bytes in network order with IPv4 mapped
 * (::ffff:a.b.c.d, RFC 4291 2.5.5.2), times are nanoseconds of CLOCK_MONOTONIC
 * (of the capture's own clock in replay), bytes are bytes of IP packets, and
 * packets are wire packets: a GSO super-packet counts as its segments.
 *
 * Every struct has explicit padding; tests/prog compares the layout with the
 * BTF of the compiled program.
 */
#ifndef NETPROBE_BPF_ABI_FLOW_H
#define NETPROBE_BPF_ABI_FLOW_H

#include "types.h"

/* Ways of one set of the flow cache: see docs/adr/0002-flow-cache.md. */
#define NP_FLOW_WAYS 4
/* Entries of each CPU's log of slots that changed; a power of two. */
#define NP_MARK_LOG_SIZE 16384
/* How far an interface may sit from its home slot in device_stats. */
#define NP_DEVICE_PROBES 8
/* UDP ports that are decoded as VXLAN or Geneve, each. */
#define NP_TUNNEL_PORTS 4
/* Headers that one packet may stack before the parser gives up. */
#define NP_MAX_HEADERS 24

enum np_direction {
  NP_INGRESS = 0,
  NP_EGRESS = 1,
};

/* Type of a record in the ring buffer network_events. */
enum np_event_type {
  NP_EVENT_FLOW = 1,       /* np_flow_event */
  NP_EVENT_ICMP_ERROR = 2, /* np_icmp_error */
};

enum np_tunnel {
  NP_TUNNEL_NONE = 0,
  NP_TUNNEL_VXLAN = 1,  /* RFC 7348 */
  NP_TUNNEL_GENEVE = 2, /* RFC 8926 */
  NP_TUNNEL_GRE = 3,    /* RFC 2784, 2890; NVGRE and ERSPAN type I/II excluded */
  NP_TUNNEL_IPIP = 4,   /* RFC 2003, 2473, 4213: any IP in any IP */
};

/* np_flow_key.where: direction, depth and what is missing, in one byte. */
enum np_flow_where {
  NP_WHERE_EGRESS = 1 << 0, /* enum np_direction */
  NP_WHERE_DEPTH_SHIFT = 1, /* two bits: IP layers around this one */
  NP_WHERE_DEPTH_MASK = 3 << 1,
  /* Ports are unknown: a later fragment whose first one was not seen, or a
   * header cut off before them. They are 0. */
  NP_WHERE_NO_PORTS = 1 << 3,
};

/*
 * Identity of a flow at one observation point. One direction only: user space
 * joins the two into a biflow (RFC 5103). For ICMP and ICMPv6 queries both
 * ports carry the identifier, so that a reply matches its request; for other
 * ICMP messages they are 0.
 */
struct np_flow_key {
  __u8 src_ip[16];
  __u8 dst_ip[16];
  __u16 src_port;
  __u16 dst_port;
  __u8 proto; /* IANA protocol number after IPv6 extension headers */
  __u8 where; /* enum np_flow_where */
  __u16 reserved0;
  __u32 ifindex;
  __u32 vni; /* network id of the innermost tunnel around it; 0 without */
} __attribute__((aligned(8)));
NP_ABI_ASSERT(sizeof(struct np_flow_key) == 48, "flow key is 48 bytes");
/*
 * One flow at one observation point, in two halves. Counters start at 0 when
 * the flow takes its slot and only grow until it leaves: a reader that
 * remembers what it read last takes the difference. 32-bit counters wrap; the
 * difference is right as long as it is read every four billion packets.
 *
 * The halves live in two maps: what every packet touches is half a cache line,
 * so that the flows of a busy node stay in the caches that its packets need
 * too. (docs/adr/0002-flow-cache.md has the numbers.)
 */
struct np_flow_hot {
  /* Who it is, in 16 bytes. TCP and UDP over IPv4 outside any tunnel, on an
   * interface below 2^NP_ID_IFINDEX_BITS, is its own identity: src | dst << 32,
   * then ports | ifindex << 32 | NP_ID_… flags; addresses and ports in network
   * order. Any other flow has a hash there, with no interface, and its key in
   * the cold half decides. id[1] is 0 in a way that was never used. */
  __u64 id[2];
  __u32 packets;
  /* Time of the last packet, low bits: jiffies, which np_clock ties to
   * nanoseconds; in replay units of 2^NP_REPLAY_SHIFT ns. */
  __u32 last;
  /* From the low bits up: 48 of IP bytes, which wrap; 8 of the smallest TTL or
   * hop limit; 8 of the DSCP of the last packet. One word, so that a packet
   * loads and stores it once. */
  __u64 bytes_ttl_dscp;
};
NP_ABI_ASSERT(sizeof(struct np_flow_hot) == 32, "what a packet touches is half a cache line");
#define NP_ID_IFINDEX_BITS 30
#define NP_ID_TCP (1ULL << 62)
#define NP_ID_EGRESS (1ULL << 63)
#define NP_HOT_BYTES_MASK ((1ULL << 48) - 1)
#define NP_HOT_TTL_SHIFT 48
#define NP_HOT_DSCP_SHIFT 56

struct np_flow_cold {
  struct np_flow_key key;
  __u32 tcp_next_seq;
  __u32 hole_time; /* when the newest hole in the data opened, units of 1024 ns */
  __u8 tcp_flags;  /* all flags seen, or-ed; RFC 9293 3.1 order */
  __u8 state;      /* enum np_record_state */
  __u8 tunnel;     /* enum np_tunnel around this flow */
  __u8 carries;    /* enum np_tunnel that this flow is the outside of */
  __u16 icmp;      /* type << 8 | code of the newest message */
  __u16 reserved0;
  /* 64 */
  __u64 first_ns;     /* precise clock */
  __u32 seq;          /* of its slot, see np_flow_details */
  __u32 slot;         /* index of this record over all CPUs */
  __u32 retransmits;  /* segments whose data was all seen before */
  __u32 out_of_order; /* segments that filled a hole within NP_REORDER_NS */
  __u32 zero_windows; /* segments that announce a window of 0, without RST */
  __u32 rsts;
  __u32 fragments;  /* packets of it that were fragments */
  __u32 mpls_label; /* outermost label; NP_NO_LABEL without */
  __u16 vlan;       /* outermost VLAN id; NP_NO_VLAN without a tag */
  __u16 inner_vlan; /* second tag of QinQ; NP_NO_VLAN without */
  __u32 syns;       /* SYN and SYN-ACK segments */
  __u32 fins;
  __u32 reserved1;
  __u64 syn_ns; /* precise time of the first SYN or SYN-ACK; 0 without */
  /* 128 */
  __u64 ack_ns;          /* precise time of the first segment after it; 0 without */
  __u64 replay_last_ns;  /* exact time of the last packet, in replay only */
  __u8 outer_src_ip[16]; /* of the tunnel around it; zero without */
  __u8 outer_dst_ip[16];
  __u64 reserved2[2];
};
NP_ABI_ASSERT(sizeof(struct np_flow_cold) == 192, "the rest of a flow is three cache lines");

struct np_flow_record {
  struct np_flow_hot hot;
  struct np_flow_cold cold;
};
#define NP_REPLAY_SHIFT 20
/* np_flow_record.state */
enum np_record_state {
  NP_STATE_AWAIT_ACK = 1 << 0, /* the segment after a SYN is still to come */
  NP_STATE_HOLE = 1 << 1,      /* data is missing before tcp_next_seq */
  NP_STATE_SEQ = 1 << 2,       /* tcp_next_seq is valid */
  NP_STATE_SYN = 1 << 3,       /* sent a SYN without ACK: began the connection */
  NP_STATE_SYN_ACK = 1 << 4,   /* sent a SYN with ACK: answered it */
};
#define NP_NO_VLAN 0xffff
#define NP_NO_LABEL 0xffffffff
/* A late segment within this time of the hole it fills was reordered on the
 * way rather than sent again (tshark's definition, 3 ms). */
#define NP_REORDER_NS 3000000ULL

/* A set of the cache: a flow has a home way, looked at first. */
struct np_flow_set {
  struct np_flow_hot way[NP_FLOW_WAYS];
};

/* The rest of a set. */
struct np_flow_details {
  /* Per way: odd while it is being rewritten, even otherwise; each occupant
   * has its own. 0: never used. */
  __u32 seq[NP_FLOW_WAYS];
  __u32 reserved[12];
  struct np_flow_cold way[NP_FLOW_WAYS];
};

/* A record that was pushed out of the cache, as it stands in the ring. */
struct np_flow_event {
  __u32 type; /* NP_EVENT_FLOW */
  __u32 reserved0;
  struct np_flow_record record;
};

/* An ICMP or ICMPv6 error and the flow that it quotes (RFC 792, RFC 4443). */
struct np_icmp_error {
  __u32 type; /* NP_EVENT_ICMP_ERROR */
  __u32 reserved0;
  /* The quoted packet's: src_ip is the one who sent what failed. where and
   * ifindex tell where the error itself was seen. */
  struct np_flow_key quoted;
  __u8 reporter_ip[16];
  __u64 time_ns;
  __u8 icmp_type;
  __u8 icmp_code;
  __u16 reserved1;
  __u32 mtu; /* next-hop MTU of fragmentation-needed/packet-too-big; else 0 */
};
NP_ABI_ASSERT(sizeof(struct np_icmp_error) == 88, "ICMP error is 88 bytes");

/*
 * Slots of the flow cache whose state changed in a way that a reader wants to
 * see before its next sweep: a new occupant, SYN, FIN or RST. `head` counts
 * entries ever written; the newest is at (head - 1) % NP_MARK_LOG_SIZE. A
 * reader that is more than a log behind sweeps the whole slice instead.
 */
struct np_flow_marks {
  __u32 head;
  __u32 reserved[15];
  __u32 slot[NP_MARK_LOG_SIZE];
};

/* Why a packet that a hook saw is in no flow of its own. */
enum np_unattributed {
  NP_UNATTR_NON_IP = 0,    /* ARP, LLDP, IS-IS … */
  NP_UNATTR_MALFORMED = 1, /* no whole IP header where one must be */
  NP_UNATTR_CACHE = 2,     /* its set was full of busier flows, or no ring space */
  NP_UNATTR_TOO_DEEP = 3,  /* more headers than NP_MAX_HEADERS */
  NP_UNATTR_MAX = 4,
};

/* Packets that the fast path parsed: all others are in packet_stats. They are
 * counted with their interface, whose line is at hand. */
enum np_fast_class {
  NP_FAST_IPV4_TCP = 0,
  NP_FAST_IPV4_UDP,
  NP_FAST_IPV6_TCP,
  NP_FAST_IPV6_UDP,
  NP_FAST_CLASSES,
};

/*
 * Counters of one interface and direction on one CPU. The kernel's own
 * counters of a virtual device count a GSO super-packet once; a NIC's count
 * what went over the wire: both are here.
 */
struct np_device_stats {
  __u32 ifindex;   /* 0: slot is free */
  __u32 direction; /* enum np_direction */
  __u64 packets;   /* as the hook saw them: super-packets count once */
  __u64 bytes;     /* link-layer bytes of those, without FCS */
  /* Packets of the fast path, skbs; here, as what nearly every packet touches is
   * one cache line so. */
  __u64 fast[NP_FAST_CLASSES];
  /* What a super-packet is more on the wire: add to packets and bytes. */
  __u64 gso_extra_packets;
  __u64 gso_extra_bytes;
  __u64 unattributed[NP_UNATTR_MAX]; /* wire packets, by cause */
  __u64 inner_packets;               /* wire packets found inside a tunnel */
  __u64 inner_unattributed;
  __u64 icmp_errors_lost; /* quotations that the ring had no space for */
};
NP_ABI_ASSERT(sizeof(struct np_device_stats) == 128, "device stats are 128 bytes");

/* Both directions of one interface on one CPU. */
struct np_device {
  struct np_device_stats dir[2];
};

/* What the packets of one CPU were. Skbs, not wire packets. A packet is in one
 * of the fast classes of its interface or in SLOW_PATH here. */
enum np_packet_class {
  NP_PKT_IPV4, /* what the slow path found */
  NP_PKT_IPV6,
  NP_PKT_TCP,
  NP_PKT_UDP,
  NP_PKT_ICMP,
  NP_PKT_ICMP6,
  NP_PKT_SCTP,
  NP_PKT_OTHER_L4,
  NP_PKT_ARP,
  NP_PKT_NON_IP,
  NP_PKT_MALFORMED,
  NP_PKT_VLAN,
  NP_PKT_MPLS,
  NP_PKT_IPV4_OPTIONS,
  NP_PKT_IPV6_EXTENSIONS,
  NP_PKT_FRAGMENTS,
  NP_PKT_FRAGMENTS_JOINED, /* later fragments that found their ports */
  NP_PKT_VXLAN,
  NP_PKT_GENEVE,
  NP_PKT_GRE,
  NP_PKT_IPIP,
  NP_PKT_GSO,
  NP_PKT_SLOW_PATH,         /* took the general parser */
  NP_PKT_UNKNOWN_DEV,       /* interface without a slot in device_stats */
  NP_PKT_EVICTED,           /* records pushed out of the cache */
  NP_PKT_RING_FULL,         /* records that the ring had no space for */
  NP_PKT_SET_BUSY,          /* PREEMPT_RT: another writer had the set */
  NP_PKT_TUNNEL_FOLDED,     /* wire packets whose tunnel vxlan_stats had no room for */
  NP_PKT_TUNNEL_EVENT_LOST, /* new tunnels that vxlan_events had no room for */
  NP_PKT_CLASSES = 40,
};

struct np_packet_stats {
  __u64 count[NP_PKT_CLASSES];
  __u32 busy; /* this CPU's slice has a writer; used on PREEMPT_RT only */
  __u32 reserved[15];
};

/* The same moment on both clocks; netprobe_clock writes it when it is run. */
struct np_clock {
  __u64 jiffies;
  __u64 ktime_ns;
  /* ktime_ns when jiffies were 0, modulo 2^64: a program makes a time of
   * jiffies with it, and one word cannot be read half. */
  __u64 zero_ns;
};

/* Configuration, fixed at load: what is off is dead code to the verifier. */
struct np_flow_config {
  __u32 set_mask;                    /* sets a CPU - 1; a power of two - 1 */
  __u32 device_mask;                 /* device slots a CPU - 1 */
  __u32 hash_seed;                   /* random: nobody can aim at one set */
  __u32 replay;                      /* time and length come from the context */
  __u32 tunnels;                     /* look inside tunnels */
  __u16 vxlan_port[NP_TUNNEL_PORTS]; /* 0: unused */
  __u16 geneve_port[NP_TUNNEL_PORTS];
  __u32 tick_ns;      /* length of a jiffy */
  __u32 tunnel_stats; /* keep vxlan_stats */
  /* DNS messages, and claims of neighbours, that are told a CPU and window of
   * name_abi.h; 0: none, nor are they looked for. */
  __u32 names;
  /* Of each of those ports bit port % 64, and bit port / 64 % 64; none where
   * `tunnels` is off. */
  __u64 tunnel_filter[2];
};

#endif
