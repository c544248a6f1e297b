/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The flow cache: a set-associative array, one private slice a CPU. See
 * docs/adr/0002-flow-cache.md for the numbers behind its shape.
 */
#ifndef NETPROBE_BPF_LIB_FLOW_CACHE_H
#define NETPROBE_BPF_LIB_FLOW_CACHE_H

#include "headers.h"
#include "maps.h"
#include "packet.h"
#include "replay.h"

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
  __u32 cpu;
  __u32 segs;        /* wire packets that this skb stands for */
  __u32 payload_off; /* where what is repeated in no segment begins */
};

/* A flow key as its six words, in registers where the compiler can. */
struct np_words {
  __u64 w[6];
};

/* Who a flow is, as np_flow_hot has it. */
struct np_id {
  __u64 w[2];
};

/* Swaps the halves: what a product leaves in its upper bits must come down for
 * the next one to spread it. */
static __always_inline __u64 np_swap32(__u64 word) {
  return word << 32 | word >> 32;
}

/* The id of a flow that needs its whole key. The multiplications do not depend
 * on each other, so the chain is short. */
static __always_inline struct np_id np_wide_id(const struct np_words *k) {
  const __u64 *w = k->w;
  __u64 seed = np_config.hash_seed;
  struct np_id id;
  __u64 h;

  h = (np_swap32(w[1]) ^ seed) * 0x9e3779b97f4a7c15ULL;
  h += (np_swap32(w[3]) + seed) * 0xc2b2ae3d27d4eb4fULL;
  h ^= w[4] * 0xd6e8feb86659fd93ULL;
  h += w[5] * 0xa0761d6478bd642fULL;
  h = np_swap32(h);
  h ^= (w[0] + seed) * 0xe7037ed1a0b428dbULL;
  h += (w[2] ^ seed) * 0x165667b19e3779f9ULL;
  id.w[0] = h ^ h >> 32;
  id.w[1] = (__u32)(h >> 17) | 1; /* no interface, and not 0 */
  return id;
}

/* `addresses` and `ports` as they stand in the packet. */
static __always_inline struct np_id np_narrow_id(__u64 addresses, __u32 ports, __u32 ifindex,
                                                 int tcp, __u32 direction) {
  struct np_id id;

  id.w[0] = addresses;
  id.w[1] = ports | (__u64)ifindex << 32 | (tcp ? NP_ID_TCP : 0) |
            (direction == NP_EGRESS ? NP_ID_EGRESS : 0);
  return id;
}

static __always_inline int np_is_wide(const struct np_id *id) {
  return (id->w[1] >> 32) == 0;
}

static __always_inline struct np_id np_id_of(const struct np_flow_key *key) {
  const __u32 *src = (const __u32 *)key->src_ip, *dst = (const __u32 *)key->dst_ip;
  struct np_words k;

  if (!((src[0] | src[1] | dst[0] | dst[1]) || src[2] != bpf_htonl(0xffff) ||
        dst[2] != bpf_htonl(0xffff)) &&
      (key->proto == IPPROTO_TCP || key->proto == IPPROTO_UDP) &&
      !(key->where & ~NP_WHERE_EGRESS) && !key->vni && key->ifindex >> NP_ID_IFINDEX_BITS == 0)
    return np_narrow_id((__u64)dst[3] << 32 | src[3],
                        bpf_htons(key->src_port) | (__u32)bpf_htons(key->dst_port) << 16,
                        key->ifindex, key->proto == IPPROTO_TCP,
                        key->where & NP_WHERE_EGRESS ? NP_EGRESS : NP_INGRESS);
  __builtin_memcpy(&k, key, sizeof(k));
  return np_wide_id(&k);
}

/* Where a flow belongs. The seed keeps sets unpredictable from outside. A product
 * carries only upwards: the last octets of addresses, which vary most, must
 * stand low, and what the second product has in its upper half must come down. */
static __always_inline __u64 np_hash(const struct np_id *id) {
  __u64 seed = np_config.hash_seed;
  __u64 h = (bpf_cpu_to_be64(id->w[0]) ^ seed) * 0x9e3779b97f4a7c15ULL;

  h ^= np_swap32((id->w[1] + seed) * 0xc2b2ae3d27d4eb4fULL);
  h ^= h >> 32;
  h *= 0x9fb21c651e98df25ULL;
  return h ^ h >> 32;
}

/* The hash from the top: 2 bits for the home way, up to 30 for the set. */
static __always_inline __u32 np_home(__u64 hash) {
  return hash >> 62;
}

/* The first set of a flow, over all CPUs. */
static __always_inline __u32 np_first_set(__u32 cpu, __u64 hash) {
  __u32 mask = np_config.set_mask;

  return cpu * (mask + 1) + ((__u32)(hash >> 32) & mask);
}

/* The second set of a flow, by bits that have no part in the first. */
static __always_inline __u32 np_other_set(__u32 cpu, __u32 index, __u64 hash) {
  __u32 mask = np_config.set_mask;
  __u32 first = cpu * (mask + 1);

  return first + (((index - first) ^ ((__u32)hash | 1)) & mask);
}

static __always_inline int np_is_id(const struct np_flow_hot *hot, const struct np_id *id) {
  return ((hot->id[0] ^ id->w[0]) | (hot->id[1] ^ id->w[1])) == 0;
}

static __always_inline int np_is_key(const struct np_flow_key *key, const struct np_words *k) {
  const __u64 *x = (const __u64 *)key;

  return ((x[0] ^ k->w[0]) | (x[1] ^ k->w[1]) | (x[2] ^ k->w[2]) | (x[3] ^ k->w[3]) |
          (x[4] ^ k->w[4]) | (x[5] ^ k->w[5])) == 0;
}

static __always_inline int np_same_key(const struct np_flow_key *a, const struct np_flow_key *b) {
  return np_is_key(a, (const struct np_words *)b);
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
static __always_inline void np_tcp_sequence(struct np_run *run, struct np_flow_cold *r,
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
  if (l->payload <= 1 && ahead == -1 && !(l->tcp_flags & (TCP_SYN | TCP_FIN)))
    return; /* keep-alive: one byte before the edge */
  if ((r->state & NP_STATE_HOLE) && now - r->hole_time < (NP_REORDER_NS >> 10))
    r->out_of_order += run->segs;
  else
    r->retransmits += run->segs;
}

static __always_inline void np_record_tcp(struct np_run *run, struct np_flow_cold *r,
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

/* Where a flow stands: both halves of its set. */
struct np_place {
  struct np_flow_set *set;
  struct np_flow_details *details;
};

/* The part of a packet's record that needs the cold half. */
static __always_inline void np_add_cold(struct np_run *run, struct np_flow_cold *cold,
                                        const struct np_layer *l) {
  if (np_config.replay)
    cold->replay_last_ns = run->skb->tstamp;
  if (l->fragment)
    cold->fragments++;
  if (l->has_tcp)
    np_record_tcp(run, cold, l);
  else if (l->icmp)
    cold->icmp = l->icmp;
}

/* What one word of the hot half is after a packet. */
static __always_inline __u64 np_next_bytes(__u64 word, __u64 bytes, __u8 ttl, __u8 dscp) {
  __u64 sum = (word + bytes) & NP_HOT_BYTES_MASK;
  __u8 min_ttl = word >> NP_HOT_TTL_SHIFT;

  if (ttl < min_ttl)
    min_ttl = ttl;
  return sum | (__u64)min_ttl << NP_HOT_TTL_SHIFT | (__u64)dscp << NP_HOT_DSCP_SHIFT;
}

static __always_inline void np_add_hot(struct np_run *run, struct np_flow_hot *hot,
                                       const struct np_layer *l) {
  __u32 segs = run->segs;
  __u64 bytes = l->ip_len;

  NP_ADD(hot->packets, segs);
  if (unlikely(segs != 1))
    bytes += (segs - 1) * (__u64)(run->payload_off - l->l3_off);
  hot->bytes_ttl_dscp = np_next_bytes(hot->bytes_ttl_dscp, bytes, l->ttl, l->dscp);
  hot->last = np_now_coarse(run->skb);
}

/* A way that a newcomer could have, and how well it does: the longer its
 * resident was quiet the better, and among those of one tick the fewer packets
 * it had. So a flood of short flows evicts itself, not the busy flows, and
 * what ended gives way at once to what begins. */
struct np_candidate {
  __u64 score;
  __u32 way;
};
#define NP_SCORE_FREE (~0ULL)

static __always_inline struct np_candidate np_candidate(const struct np_place *at, __u32 home,
                                                        __u32 now) {
  struct np_candidate best = {.way = home, .score = 0};

  if (at->set->way[home].id[1] == 0) {
    best.score = NP_SCORE_FREE;
    return best;
  }
  /* the way beside the home way next: np_hit looks there too */
#pragma unroll
  for (__u32 i = 0; i < NP_FLOW_WAYS; i++) {
    __u32 way = home ^ i;
    const struct np_flow_hot *hot = &at->set->way[way];
    /* In replay time may step back: the resident then looks old, which only
     * costs an eviction. */
    __u64 score = (__u64)(now - hot->last) << 32 | (__u32)~hot->packets;

    if (hot->id[1] == 0)
      score = NP_SCORE_FREE;
    if (score > best.score) {
      best.way = way;
      best.score = score;
    }
  }
  return best;
}

/* Sends a record to user space. Never wakes the reader for one record; looks
 * now and then whether the ring is half full and wakes it then. */
static __always_inline int np_push_out(struct np_run *run, const struct np_place *at, __u32 way) {
  struct np_flow_event *event =
      bpf_ringbuf_reserve(&network_events, sizeof(struct np_flow_event), 0);
  __u64 flags = BPF_RB_NO_WAKEUP;
  struct np_packet_stats *stats = np_stats(run->cpu);

  if (!event) {
    np_class(run->cpu, NP_PKT_RING_FULL);
    return -1;
  }
  event->type = NP_EVENT_FLOW;
  event->reserved0 = 0;
  __builtin_memcpy(&event->record.hot, &at->set->way[way], sizeof(struct np_flow_hot));
  __builtin_memcpy(&event->record.cold, &at->details->way[way], sizeof(struct np_flow_cold));
  if (unlikely(stats && (stats->count[NP_PKT_EVICTED] & (NP_RING_CHECK_EVERY - 1)) == 0) &&
      bpf_ringbuf_query(&network_events, BPF_RB_AVAIL_DATA) >
          bpf_ringbuf_query(&network_events, BPF_RB_RING_SIZE) / 2)
    flags = BPF_RB_FORCE_WAKEUP;
  bpf_ringbuf_submit(event, flags);
  np_class(run->cpu, NP_PKT_EVICTED);
  return 0;
}

/* Gives a way to a flow; what stood there was pushed out before. */
static __always_inline void np_take_over(struct np_run *run, const struct np_place *at, __u32 way,
                                         const struct np_layer *l, const struct np_id *id,
                                         __u32 slot) {
  struct np_flow_hot *hot = &at->set->way[way];
  struct np_flow_cold *cold = &at->details->way[way];
  __u32 seq = at->details->seq[way];

  *(volatile __u32 *)&at->details->seq[way] = seq + 1;
  NP_STORE_FENCE(at->details->reserved[0]);
  hot->id[0] = id->w[0];
  hot->id[1] = id->w[1];
  hot->packets = 0;
  hot->bytes_ttl_dscp = 0xffULL << NP_HOT_TTL_SHIFT;
  __builtin_memset(cold, 0, sizeof(*cold));
  cold->key = l->key;
  cold->first_ns = np_now_precise(run->skb);
  cold->seq = seq + 2;
  cold->slot = slot;
  cold->mpls_label = l->mpls_label;
  cold->vlan = l->vlan;
  cold->inner_vlan = l->inner_vlan;
  cold->icmp = l->icmp;
  cold->tunnel = l->tunnel;
  cold->carries = l->carries;
  if (l->tunnel != NP_TUNNEL_NONE) {
    __builtin_memcpy(cold->outer_src_ip, l->outer_src_ip, 16);
    __builtin_memcpy(cold->outer_dst_ip, l->outer_dst_ip, 16);
  }
  np_add_hot(run, hot, l);
  np_add_cold(run, cold, l);
  NP_STORE_FENCE(at->details->reserved[0]);
  *(volatile __u32 *)&at->details->seq[way] = seq + 2;
  np_mark(run->cpu, slot);
}

static __always_inline void np_unattributed(struct np_run *run, __u32 depth,
                                            enum np_unattributed cause) {
  if (depth == 0)
    NP_ADD(run->dev->unattributed[cause], run->segs);
  else
    NP_ADD(run->dev->inner_unattributed, run->segs);
}

/* The way that a flow has; NP_FLOW_WAYS: none. */
static __always_inline __u32 np_find_way(const struct np_place *at, const struct np_layer *l,
                                         const struct np_id *id) {
#pragma unroll
  for (__u32 i = 0; i < NP_FLOW_WAYS; i++) {
    if (np_is_id(&at->set->way[i], id) &&
        (!np_is_wide(id) || np_same_key(&at->details->way[i].key, &l->key)))
      return i;
  }
  return NP_FLOW_WAYS;
}

/* Where a flow stands in one set, if it does. */
static __always_inline __u32 np_place_at(struct np_place *at, __u32 index, const struct np_layer *l,
                                         const struct np_id *id) {
  at->set = bpf_map_lookup_elem(&flow_stats, &index);
  at->details = bpf_map_lookup_elem(&flow_details, &index);
  if (!at->set || !at->details)
    return NP_FLOW_WAYS;
  return np_find_way(at, l, id);
}

/*
 * Everything but a plain packet of a flow that the cache has. A flow has two sets
 * and takes the second where the first is full: with a choice of two, a cache
 * that is two thirds full evicts next to nothing. A connection on the ports of
 * one that ended starts anew, so that the two are never one flow. A full ring
 * leaves the resident where it is and the newcomer unattributed: counted,
 * never lost.
 */
static __noinline int np_flow_rest(struct np_run *run, const struct np_layer *l) {
  struct np_id id = np_id_of(&l->key);
  __u64 hash = np_hash(&id);
  __u32 index = np_first_set(run->cpu, hash);
  __u32 now = np_now_coarse(run->skb);
  struct np_place at, second;
  struct np_candidate to, other;
  __u32 way;

  way = np_place_at(&at, index, l, &id);
  if (way >= NP_FLOW_WAYS) {
    __u32 second_index = np_other_set(run->cpu, index, hash);

    way = np_place_at(&second, second_index, l, &id);
    if (!at.set || !at.details || !second.set || !second.details)
      return 0;
    to = np_candidate(&at, np_home(hash), now);
    other = np_candidate(&second, np_home(hash), now);
    if (way < NP_FLOW_WAYS || other.score > to.score) {
      at = second;
      index = second_index;
      to = other;
    }
  }
  if (!at.set || !at.details)
    return 0;
  if (way < NP_FLOW_WAYS) {
    struct np_flow_cold *cold = &at.details->way[way];

    if (likely(!(l->tcp_flags & TCP_SYN) || !(cold->tcp_flags & (TCP_FIN | TCP_RST)))) {
      np_add_hot(run, &at.set->way[way], l);
      np_add_cold(run, cold, l);
      return 0;
    }
  } else {
    way = to.way & (NP_FLOW_WAYS - 1);
  }
  if (at.set->way[way].id[1] != 0 && np_push_out(run, &at, way)) {
    np_unattributed(run, np_depth(&l->key), NP_UNATTR_CACHE);
    return 0;
  }
  np_take_over(run, &at, way, l, &id, index * NP_FLOW_WAYS + way);
  return 0;
}

/* Counts one IP layer of a packet in its flow. */
static __always_inline void np_flow_count(struct np_run *run, const struct np_layer *l) {
#ifdef NP_PREEMPT_RT
  struct np_packet_stats *slice = np_stats(run->cpu);

  if (!slice)
    return;
  if (!NP_TRY_TAKE(slice->busy)) {
    np_class(run->cpu, NP_PKT_SET_BUSY);
    np_unattributed(run, np_depth(&l->key), NP_UNATTR_CACHE);
    return;
  }
#endif
  np_flow_rest(run, l);
#ifdef NP_PREEMPT_RT
  NP_RELEASE(slice->busy);
#endif
}

#endif
