/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the block stage of the XDP program reads and user space writes, and
 * what it counts. Units and byte order as in flow_abi.h; but times are
 * nanoseconds of CLOCK_BOOTTIME, so that a block ends when it was said to,
 * whether the machine slept or not.
 */
#ifndef NETPROBE_BPF_ABI_BLOCK_H
#define NETPROBE_BPF_ABI_BLOCK_H

#include "types.h"

/* What an entry does to a packet that it matches. */
enum np_block_mode {
  NP_BLOCK_DRY_RUN = 0, /* counts what it would drop */
  NP_BLOCK_ENFORCE = 1,
};

/* Value of xdp_blocklist, xdp_blocknets, xdp_feed and xdp_feednets. */
struct np_block_entry {
  __u64 expires_ns; /* from then on it matches nothing */
  /* Of a feed: it counts from feed_first to feed_last of np_block_control. */
  __u32 generation;
  __u8 mode;   /* enum np_block_mode */
  __u8 length; /* of its prefix, of 128; 128 for an address */
  __u8 reserved0[2];
  __u64 packets; /* that it matched, dropped or not */
  __u64 bytes;   /* link-layer bytes of those */
};
NP_ABI_ASSERT(sizeof(struct np_block_entry) == 32, "a block entry is half a cache line");

/* Of xdp_allow: nodes, their services (IPVS makes each an address of the node) and people.
 * Not preallocated. */
#define NP_BLOCK_ALLOWED 65536

/* Key of the tries: xdp_allow, xdp_blocknets, xdp_feednets. */
struct np_block_prefix {
  __u32 length; /* bits of the address; IPv4 is mapped: 96 + its own */
  __u8 ip[16];
};

/* What a limit is over. */
enum np_limit_side {
  NP_LIMIT_SOURCE = 0, /* all that one address sends */
  NP_LIMIT_TARGET = 1, /* all that one address gets */
  NP_LIMIT_SYN = 2,    /* connections that are asked of one address and port */
  NP_LIMIT_SIDES = 3,
};

struct np_limit_key {
  __u8 ip[16];
  __u16 port; /* NP_LIMIT_SYN; else 0 */
  __u16 side; /* enum np_limit_side */
};

/* A token bucket, kept as the time at which it would be full again: one word,
 * which a compare-and-swap moves on. */
struct np_limit {
  __u64 expires_ns;
  __u64 full_ns;      /* written by the program; the bucket is full from then on */
  __u64 burst_ns;     /* an empty bucket fills in this time */
  __u64 unit_ns_2_16; /* time that a packet or byte costs, in 2^-16 ns */
  __u8 mode;          /* enum np_block_mode */
  __u8 per_byte;      /* a unit is a byte, else a packet */
  __u8 reserved0[6];
  __u64 over_packets; /* that found too few tokens, dropped or not */
  __u64 over_bytes;
  __u64 reserved1;
};
NP_ABI_ASSERT(sizeof(struct np_limit) == 64, "a limit is a cache line");

/*
 * The one word that every packet asks first, and more of that kind; the
 * program's section .data.block. User space sets `first_test` last.
 */
enum np_block_present {
  NP_BLOCK_ADDRESSES = 1 << 0, /* anything in the filter for a source */
  NP_BLOCK_NETS4 = 1 << 1,
  NP_BLOCK_NETS6 = 1 << 2,
  NP_BLOCK_TARGETS = 1 << 3, /* limits of targets */
  NP_BLOCK_SYN = 1 << 4,
};
struct np_block_control {
  __u32 first_test; /* enum np_block_present; 0: nothing is blocked */
  __u32 half;       /* of block_filter and block_nets4 that is asked, 0 or 1 */
  __u32 feed_first; /* generations of a feed that count, both included */
  __u32 feed_last;
};

/*
 * The first test: block_filter is a Bloom filter whose every key has four bits
 * in one word, so that a packet that matches nothing costs one line of memory;
 * block_nets4 has a bit for each IPv4 /16 that some prefix is in, 8 KiB that
 * stay in the nearest cache, and behind those a bit for each /24 that some
 * prefix is in or around. Both maps are there twice: one half is asked while
 * the other is made anew.
 */
#define NP_NETS4_FIRST (1U << 10)
#define NP_NETS4_WORDS (NP_NETS4_FIRST + (1U << 18))

/* What a key of the filter stands for. */
enum np_block_tag {
  NP_TAG_SOURCE = 1,  /* an address that is blocked or limited as a source */
  NP_TAG_NET32 = 2,   /* first 32 bits of an IPv6 prefix that is blocked */
  NP_TAG_NET48 = 3,   /* the same of 48 bits, of prefixes that are as long */
  NP_TAG_NETWIDE = 4, /* first 32 bits of a prefix that is shorter than 48 */
  NP_TAG_TARGET = 5,  /* an address that has a limit as a target */
  NP_TAG_SERVICE = 6, /* an address that has a limit of SYNs */
};

/* Both sides hash alike. `high` and `low`: the address as two words of the
 * machine's order. `seed` is random, so that nobody can fill the filter's
 * words on purpose. */
static inline __attribute__((always_inline)) __u64 np_block_hash(__u64 high, __u64 low, __u64 seed,
                                                                 __u32 tag) {
  __u64 h = (low ^ seed ^ ((__u64)tag << 56)) * 0x9e3779b97f4a7c15ULL;

  h ^= h >> 32;
  h = (h ^ high) * 0xd6e8feb86659fd93ULL;
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93ULL;
  return h ^ (h >> 29);
}
/* Its word is that of the hash's upper half, its bits are four of six bits of
 * the lower one. */
static inline __attribute__((always_inline)) __u64 np_block_bits(__u64 hash) {
  return 1ULL << (hash & 63) | 1ULL << (hash >> 6 & 63) | 1ULL << (hash >> 12 & 63) |
         1ULL << (hash >> 18 & 63);
}
static inline __attribute__((always_inline)) __u32 np_block_word(__u64 hash, __u32 mask) {
  return (__u32)(hash >> 32) & mask;
}

/* Why a packet was dropped, or would have been. */
enum np_block_cause {
  NP_CAUSE_ADDRESS = 0,
  NP_CAUSE_NETWORK,
  NP_CAUSE_FEED_ADDRESS,
  NP_CAUSE_FEED_NETWORK,
  NP_CAUSE_SOURCE_LIMIT,
  NP_CAUSE_TARGET_LIMIT,
  NP_CAUSE_SYN_LIMIT,
  NP_CAUSES,
};

struct np_block_sum {
  __u64 packets;
  __u64 bytes; /* link-layer bytes */
};

/* What one CPU counted; over all interfaces. */
struct np_block_stats {
  struct np_block_sum dropped[NP_CAUSES];
  struct np_block_sum would[NP_CAUSES]; /* dropped, were it not a dry run */
  __u64 looked;                         /* packets that the first test did not let through */
  __u64 allowed;                        /* of those: the source is on the allow list */
  __u64 clean;                          /* of those: nothing matched after all */
  __u64 too_deep;                       /* passed: prefixes in prefixes, all of them over */
  __u64 contended;                      /* passed: other CPUs had the bucket each time */
  __u64 challenged;                     /* SYNs that were dropped for their client to repeat */
  __u64 proven;                         /* SYNs that were repeated as clients do */
  __u64 reserved0;
};

#endif
