/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The flow cache: a set-associative array, one private slice a CPU. See
 * docs/adr/0002-flow-cache.md for the numbers behind its shape.
 */
#ifndef NETPROBE_BPF_LIB_FLOW_CACHE_H
#define NETPROBE_BPF_LIB_FLOW_CACHE_H

#include "maps.h"
#include "packet.h"

/* A resident that was quiet this long gives way to any newcomer. */
#define NP_IDLE_NS (15ULL * 1000000000ULL)
/* Evictions between two looks at how full the ring is; a power of two. */
#define NP_RING_CHECK_EVERY 256

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* What one run of a program works with. */
struct np_run {
  struct __sk_buff *skb;
  struct np_device_stats *dev;
  struct np_packet_stats *stats;
  __u64 now; /* coarse */
  __u32 cpu;
  __u32 segs; /* wire packets that this skb stands for */
  __u32 payload_off; /* where what is repeated in no segment begins */
};

static __always_inline __u64 np_now_precise(struct __sk_buff *skb) {
  return np_config.replay ? skb->tstamp : bpf_ktime_get_ns();
}

static __always_inline __u64 np_now_coarse(struct __sk_buff *skb) {
  if (np_config.replay)
    return skb->tstamp;
  if (np_config.coarse_clock)
    return bpf_ktime_get_coarse_ns();
  return bpf_ktime_get_ns();
}

/* Multiply-mix over the six words of the key; independent multiplications,
 * so the chain is short. The seed keeps sets unpredictable from outside. */
static __always_inline __u64 np_hash(const struct np_flow_key *key) {
  const __u64 *w = (const __u64 *)key;
  __u64 seed = np_config.hash_seed;
  __u64 h;

  h = (w[0] + seed) * 0x9e3779b97f4a7c15ULL;
  h ^= (w[1] ^ seed) * 0xc2b2ae3d27d4eb4fULL;
  h += (w[2] + seed) * 0x165667b19e3779f9ULL;
  h ^= (w[3] + (seed << 7)) * 0xd6e8feb86659fd93ULL;
  h += (w[4] ^ (seed << 17)) * 0xa0761d6478bd642fULL;
  h ^= (w[5] + seed) * 0xe7037ed1a0b428dbULL;
  h ^= h >> 32;
  h *= 0x9fb21c651e98df25ULL;
  h ^= h >> 29;
  return h;
}

static __always_inline int np_same_key(const struct np_flow_key *a, const struct np_flow_key *b) {
  const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

  return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]) |
          (x[5] ^ y[5])) == 0;
}

/* Tells a reader to look at this slot now, not at its next sweep. */
static __always_inline void np_mark(__u32 cpu, __u32 slot) {
  struct np_flow_marks *log = bpf_map_lookup_elem(&flow_marks, &cpu);
  __u32 head;

  if (!log)
    return;
  head = log->head;
  log->slot[head & (NP_MARK_LOG_SIZE - 1)] = slot;
  NP_STORE_FENCE(log->reserved[0]);
  log->head = head + 1;
}

/* Sequence numbers: a segment that ends at or before what was seen is a
 * repetition, unless it just fills a hole, which then was reordering. */
static __always_inline void np_tcp_sequence(struct np_run *run, struct np_flow_record *r,
                                            const struct np_layer *l) {
  __u32 end = l->tcp_seq + l->payload;

  if (l->tcp_flags & (TCP_SYN | TCP_FIN))
    end += 1;
  if (end == l->tcp_seq)
    return; /* a bare ACK; keep-alives without data end here as well */
  if (!(r->state & NP_STATE_SEQ)) {
    r->state |= NP_STATE_SEQ;
    r->tcp_next_seq = end;
    return;
  }
  __s32 ahead = (__s32)(l->tcp_seq - r->tcp_next_seq);
  if (likely(ahead == 0)) {
    r->tcp_next_seq = end;
    return;
  }
  __u32 now = (__u32)(np_now_precise(run->skb) >> 10);
  if (ahead > 0) {
    r->state |= NP_STATE_HOLE;
    r->hole_time = now;
    r->tcp_next_seq = end;
    return;
  }
  if ((__s32)(end - r->tcp_next_seq) > 0) {
    r->tcp_next_seq = end; /* overlaps: part of it is new */
    return;
  }
  if (l->payload <= 1 && ahead == -1)
    return; /* keep-alive: one byte before the edge */
  if ((r->state & NP_STATE_HOLE) && now - r->hole_time < (NP_REORDER_NS >> 10))
    r->out_of_order += run->segs;
  else
    r->retransmits += run->segs;
}

static __always_inline void np_record_tcp(struct np_run *run, struct np_flow_record *r,
                                          const struct np_layer *l) {
  __u8 flags = l->tcp_flags;

  r->tcp_flags |= flags;
  if (unlikely(r->state & NP_STATE_AWAIT_ACK) && !(flags & TCP_SYN)) {
    r->state &= ~NP_STATE_AWAIT_ACK;
    r->ack_ns = np_now_precise(run->skb);
  }
  if (unlikely(l->window == 0 && !(flags & (TCP_RST | TCP_SYN))))
    r->zero_windows++;
  np_tcp_sequence(run, r, l);
  if (likely(!(flags & (TCP_SYN | TCP_FIN | TCP_RST))))
    return;
  if (flags & TCP_SYN) {
    r->state |= flags & TCP_ACK ? NP_STATE_SYN_ACK : NP_STATE_SYN;
    if (r->syns++ == 0) {
      r->syn_ns = np_now_precise(run->skb);
      r->state |= NP_STATE_AWAIT_ACK;
    }
  }
  if (flags & TCP_FIN)
    r->fins++;
  if (flags & TCP_RST)
    r->rsts++;
  np_mark(run->cpu, r->slot);
}

/* Adds one packet to the flow's record. */
static __always_inline void np_record_add(struct np_run *run, struct np_flow_record *r,
                                          const struct np_layer *l) {
  __u32 segs = run->segs;

  NP_ADD(r->packets, segs);
  if (likely(segs == 1))
    NP_ADD(r->bytes, l->ip_len);
  else
    NP_ADD(r->bytes, l->ip_len + (segs - 1) * (__u64)(run->payload_off - l->l3_off));
  r->last_ns = run->now;
  r->dscp = l->dscp;
  if (unlikely(l->ttl < r->min_ttl))
    r->min_ttl = l->ttl;
  if (unlikely(l->fragment))
    r->fragments++;
  if (l->key.proto == IPPROTO_TCP && l->has_tcp)
    np_record_tcp(run, r, l);
  else
    r->icmp = l->icmp;
}

/* Way to give to a newcomer: a free one, else the one with the fewest packets,
 * where a flow that went quiet counts as having none. */
static __always_inline __u32 np_victim(struct np_flow_set *set, __u64 now) {
  __u64 fewest = ~0ULL;
  __u32 victim = 0;

#pragma unroll
  for (__u32 i = 0; i < NP_FLOW_WAYS; i++) {
    struct np_flow_record *r = &set->way[i];
    __u64 weight = r->packets;

    if (set->tag[i] == 0)
      return i;
    /* In replay time may step back: then the difference is huge and the
     * resident looks idle, which only costs an eviction. */
    if (now - r->last_ns > NP_IDLE_NS)
      weight = 0;
    if (weight < fewest) {
      fewest = weight;
      victim = i;
    }
  }
  return victim;
}

/* Sends a record to user space. Never wakes the reader for one record; looks
 * now and then whether the ring is half full and wakes it then. */
static __always_inline int np_push_out(struct np_run *run, struct np_flow_record *r) {
  __u64 flags = BPF_RB_NO_WAKEUP;
  __u64 evicted = run->stats->count[NP_PKT_EVICTED];

  if (unlikely((evicted & (NP_RING_CHECK_EVERY - 1)) == 0) &&
      bpf_ringbuf_query(&network_events, BPF_RB_AVAIL_DATA) >
          bpf_ringbuf_query(&network_events, BPF_RB_RING_SIZE) / 2)
    flags = BPF_RB_FORCE_WAKEUP;
  if (bpf_ringbuf_output(&network_events, r, sizeof(*r), flags)) {
    np_class(run->stats, NP_PKT_RING_FULL);
    return -1;
  }
  np_class(run->stats, NP_PKT_EVICTED);
  return 0;
}

/* Gives a slot to a flow; what stood there was pushed out before. */
static __always_inline void np_take_over(struct np_run *run, struct np_flow_record *r,
                                         const struct np_layer *l, __u32 slot) {
  __u32 seq = r->seq;

  *(volatile __u32 *)&r->seq = seq + 1;
  NP_STORE_FENCE(r->seq);
  r->type = NP_EVENT_FLOW;
  r->key = l->key;
  r->packets = 0;
  r->bytes = 0;
  r->last_ns = run->now;
  r->first_ns = np_now_precise(run->skb);
  r->slot = slot;
  r->tcp_next_seq = 0;
  r->retransmits = 0;
  r->out_of_order = 0;
  r->zero_windows = 0;
  r->mpls_label = l->mpls_label;
  r->vlan = l->vlan;
  r->inner_vlan = l->inner_vlan;
  r->tcp_flags = 0;
  r->min_ttl = l->ttl;
  r->dscp = l->dscp;
  r->tunnel = l->tunnel;
  r->icmp = l->icmp;
  r->state = 0;
  r->carries = l->carries;
  r->rsts = 0;
  r->syn_ns = 0;
  r->ack_ns = 0;
  r->hole_time = 0;
  r->fragments = 0;
  __builtin_memcpy(r->outer_src_ip, l->outer_src_ip, 16);
  __builtin_memcpy(r->outer_dst_ip, l->outer_dst_ip, 16);
  r->syns = 0;
  r->fins = 0;
  np_record_add(run, r, l);
  NP_STORE_FENCE(r->seq);
  *(volatile __u32 *)&r->seq = seq + 2;
  np_mark(run->cpu, slot);
}

static __always_inline void np_unattributed(struct np_run *run, __u8 depth,
                                            enum np_unattributed cause) {
  if (depth == 0)
    NP_ADD(run->dev->unattributed[cause], run->segs);
  else
    NP_ADD(run->dev->inner_unattributed, run->segs);
}

/* The rare part: a flow that is not in its set. A full ring leaves the
 * resident where it is and the newcomer unattributed: counted, never lost. */
static __noinline int np_flow_new(struct np_run *run, struct np_flow_set *set,
                                  const struct np_layer *l, __u32 index, __u32 tag) {
  __u32 way = np_victim(set, run->now) & (NP_FLOW_WAYS - 1);
  struct np_flow_record *r = &set->way[way];

  if (set->tag[way] != 0 && np_push_out(run, r)) {
    np_unattributed(run, l->key.depth, NP_UNATTR_CACHE);
    return 0;
  }
  set->tag[way] = tag;
  np_take_over(run, r, l, index * NP_FLOW_WAYS + way);
  return 0;
}

/* A connection that reuses the ports of one that ended: its record starts
 * anew, so that the two are never one flow. */
static __noinline int np_flow_again(struct np_run *run, struct np_flow_record *r,
                                    const struct np_layer *l) {
  if (np_push_out(run, r)) {
    np_unattributed(run, l->key.depth, NP_UNATTR_CACHE);
    return 0;
  }
  np_take_over(run, r, l, r->slot);
  return 0;
}

/* Counts one IP layer of a packet in its flow. */
static __always_inline void np_flow_count(struct np_run *run, const struct np_layer *l) {
  __u64 hash = np_hash(&l->key);
  __u32 tag = (__u32)(hash >> 32) | 1;
  __u32 index = run->cpu * (np_config.set_mask + 1) + ((__u32)hash & np_config.set_mask);
  struct np_flow_set *set = bpf_map_lookup_elem(&flow_stats, &index);
  struct np_flow_record *r;

  if (!set)
    return;
  if (l->key.depth)
    NP_ADD(run->dev->inner_packets, run->segs);
  if (!NP_TRY_TAKE(set->busy)) {
    np_class(run->stats, NP_PKT_SET_BUSY);
    np_unattributed(run, l->key.depth, NP_UNATTR_CACHE);
    return;
  }
#pragma unroll
  for (__u32 i = 0; i < NP_FLOW_WAYS; i++) {
    r = &set->way[i];
    if (set->tag[i] == tag && np_same_key(&r->key, &l->key))
      goto hit;
  }
  np_flow_new(run, set, l, index, tag);
  NP_RELEASE(set->busy);
  return;
hit:
  if (unlikely((l->tcp_flags & TCP_SYN) && (r->tcp_flags & (TCP_FIN | TCP_RST))))
    np_flow_again(run, r, l);
  else
    np_record_add(run, r, l);
  NP_RELEASE(set->busy);
}

#endif
