// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Packets that the kernel drops. Every one goes through kfree_skb and its
 * tracepoint; packets that reached their aim end in consume_skb, which is not
 * traced. Two programs, because a program may not touch an argument that the
 * running kernel's tracepoint does not have: the reason came with 5.17. Two
 * builds, for typed and for raw tracepoints.
 */
#include "lib/drop_table.h"
#include "lib/skb_tunnel.h"
#include "lib/skb_tuple.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#ifdef NP_RAW
#define NP_TRACEPOINT "raw_tp/kfree_skb"
#else
#define NP_TRACEPOINT "tp_btf/kfree_skb"
#endif

/* inodes of namespaces are numbered from here on: PROC_DYNAMIC_FIRST of
 * fs/proc/generic.c. What is below was no namespace. */
#define NP_FIRST_NETNS 0xf0000000U
/* The machine's own has a fixed number below them on newer kernels:
 * NET_NS_INIT_INO of uapi/linux/nsfs.h. */
#define NP_INIT_NETNS 0xeffffff9U

static __always_inline int np_was_dropped(__u32 reason) {
  return !((np_drop_config.skips > 0 && reason == np_drop_config.skip[0]) ||
           (np_drop_config.skips > 1 && reason == np_drop_config.skip[1]));
}

static __always_inline __u32 np_netns_of(struct net *net) {
  __u32 inode = BPF_CORE_READ(net, ns.inum);

  return inode >= NP_FIRST_NETNS || inode == NP_INIT_NETNS ? inode : 0;
}

/*
 * The device that the packet stands at. In a socket's queue the kernel keeps
 * other things where the device was, so what is found there must look like
 * one: its namespace tells. A packet on its way out may have a route and no
 * device yet; one in a socket's queue still knows where it came in.
 */
static __always_inline struct net_device *np_find_device(struct sk_buff *skb,
                                                         struct np_drop_key *key) {
  struct net_device *device = NP_FIELD(skb, dev);
  struct sock *sk;

  if (device)
    key->netns = np_netns_of(BPF_CORE_READ(device, nd_net.net));
  if (!key->netns) {
    struct dst_entry *route = (void *)(NP_FIELD(skb, _skb_refdst) & ~NP_SKB_DST_NOREF);

    device = route ? BPF_CORE_READ(route, dev) : 0;
    if (device)
      key->netns = np_netns_of(BPF_CORE_READ(device, nd_net.net));
  }
  if (key->netns) {
    key->ifindex = BPF_CORE_READ(device, ifindex);
    return device;
  }
  key->ifindex = NP_FIELD(skb, skb_iif);
  sk = NP_FIELD(skb, sk);
  if (sk)
    key->netns = np_netns_of(BPF_CORE_READ(sk, __sk_common.skc_net.net));
  return 0;
}

/* Dropped before it got its headers: what its socket is connected to. */
static __always_inline void np_socket_tuple(struct sk_buff *skb, struct np_drop_key *key) {
  struct sock *sk = NP_FIELD(skb, sk);
  struct np_drop_tuple *t = &key->tuple;
  __u16 family = sk ? BPF_CORE_READ(sk, __sk_common.skc_family) : 0;

  if (family == NP_AF_INET) {
    __be32 source = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
    __be32 destination = BPF_CORE_READ(sk, __sk_common.skc_daddr);

    np_map_v4(t->src_ip, &source);
    np_map_v4(t->dst_ip, &destination);
    key->ethertype = ETH_IPV4;
  } else if (family == NP_AF_INET6) {
    BPF_CORE_READ_INTO((struct np_in6 *)t->src_ip, sk, __sk_common.skc_v6_rcv_saddr);
    BPF_CORE_READ_INTO((struct np_in6 *)t->dst_ip, sk, __sk_common.skc_v6_daddr);
    key->ethertype = ETH_IPV6;
  } else {
    return;
  }
  t->proto = BPF_CORE_READ(sk, sk_protocol);
  t->src_port = BPF_CORE_READ(sk, __sk_common.skc_num);
  t->dst_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
  t->flags = NP_DROP_IP | NP_DROP_PORTS | NP_DROP_FROM_SOCKET;
}

/* The record's place in the table, made where there is none yet; 0 without
 * room. What is inside a tunnel is left out where its own table is full. */
static __always_inline struct np_drop_value *np_drop_record(__u64 table,
                                                            const struct np_drop_tunnel_key *key,
                                                            int inside, struct net_device *device,
                                                            __u64 now) {
  struct np_drop_value *value =
      inside ? np_drop_find_tunnel(table, key) : np_drop_find(table, &key->outer);
  struct np_drop_value fresh = {};

  if (likely(value))
    return value;
  fresh.first_ns = now;
  if (device)
    bpf_probe_read_kernel(fresh.interface, sizeof(fresh.interface), device->name);
  if (inside && !np_drop_active.tunnel_full[table & 1]) {
    value = np_drop_insert_tunnel(table, key, &fresh);
    if (value)
      return value;
    np_drop_active.tunnel_full[table & 1] = 1;
  }
  if (inside)
    value = np_drop_find(table, &key->outer);
  if (!value && !np_drop_active.full[table & 1]) {
    value = np_drop_insert(table, &key->outer, &fresh);
    if (!value)
      np_drop_active.full[table & 1] = 1;
  }
  return value;
}

static __always_inline void np_count_drop(struct np_drop_cpu *cpu,
                                          const struct np_drop_tunnel_key *key, int inside,
                                          struct net_device *device,
                                          const struct np_skb_size *size) {
  __u64 now = bpf_ktime_get_ns();
  __u64 table = np_drop_enter(cpu);
  struct np_drop_value *value;

  if (unlikely(table == NP_NO_TABLE)) {
    np_drop_unattributed(cpu, &key->outer, size->packets, size->bytes);
    return;
  }
  value = np_drop_record(table, key, inside, device, now);
  if (likely(value)) {
    NP_ATOMIC_ADD(value->packets, size->packets);
    NP_ATOMIC_ADD(value->bytes, size->bytes);
    value->last_ns = now;
  } else {
    np_drop_unattributed(cpu, &key->outer, size->packets, size->bytes);
  }
  np_drop_leave(cpu, table);
}

static __always_inline int np_drop(void *ctx, struct sk_buff *skb, __u64 location, __u32 reason) {
  struct np_drop_tunnel_key full; /* behind `outer` only what np_skb_inside() sets */
  struct np_drop_key *key = &full.outer;
  __u32 index = bpf_get_smp_processor_id();
  struct np_drop_cpu *cpu;
  struct net_device *device;
  struct np_skb_size size;
  struct np_skb_view view;
  __u32 total = 0;
  int whole = -1, inside = 0;

  cpu = bpf_map_lookup_elem(&drop_cpus, &index);
  if (!cpu)
    return 0;
  *key = (struct np_drop_key){.location = location, .reason = reason, .stack_id = -1};
  device = np_find_device(skb, key);
  np_skb_look(skb, &view);
  key->ethertype = view.ethertype;
  if (view.network && view.ethertype == ETH_IPV4)
    whole = np_skb_ipv4(&view, &key->tuple, &total);
  else if (view.network)
    whole = np_skb_ipv6(&view, &key->tuple, &total);
  if (!whole)
    np_skb_ports(&view, &key->tuple);
  if (!(key->tuple.flags & NP_DROP_IP)) {
    view.network = view.transport = 0;
    if (!device)
      np_socket_tuple(skb, key);
    /* A message of a Unix or netlink socket: never was on a network. */
    if (!device && !key->ifindex && !key->tuple.flags) {
      NP_ATOMIC_ADD(cpu->local, 1);
      return 0;
    }
  }
  if (!whole && np_drop_config.tunnels && unlikely(np_may_be_tunnel(&key->tuple)))
    inside = np_skb_inside(&view, &full);
  np_skb_measure(skb, &view, inside ? full.inner.proto : key->tuple.proto, total, &size);
  if (np_drop_config.stacks) {
    key->stack_id = bpf_get_stackid(ctx, &drop_stacks, 0);
    if (key->stack_id < 0) {
      key->stack_id = -1;
      NP_ATOMIC_ADD(cpu->stacks_lost, 1);
    }
  }
  np_count_drop(cpu, &full, inside, device, &size);
  /* Last: a drop that is counted here is in a table by now, so a reader that
   * sees it finds it. */
  NP_ATOMIC_ADD(cpu->drops, size.packets);
  return 0;
}

/* 5.17 and later: (skb, location, reason …). */
SEC(NP_TRACEPOINT)
int netprobe_drop(__u64 *ctx) {
  __u32 reason = ctx[2];

  if (!np_was_dropped(reason))
    return 0;
  return np_drop(ctx, (struct sk_buff *)ctx[0], ctx[1], reason);
}

/* Before: (skb, location). */
SEC(NP_TRACEPOINT)
int netprobe_drop_place(__u64 *ctx) {
  return np_drop(ctx, (struct sk_buff *)ctx[0], ctx[1], 0);
}
