// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a flow program costs: the same packet with changing addresses and
 * ports, run by BPF_PROG_TEST_RUN through an empty program, the flow program,
 * and the plain hash map that most tools of the field use. The rotation is in
 * all three, so that differences are the programs' own.
 */
#include "lib/flow_tc.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* A section of its own, so that user space finds it by name. */
struct {
  __u32 flows;
  __u32 turn;
} bench SEC(".data.bench") = {1, 0};

static __always_inline void store_word(void *to, __u32 word) {
  asm volatile("*(u32 *)(%0 + 0) = %1" : : "r"(to), "r"(word) : "memory");
}

/* The next packet of bench.flows many: source address and port change. */
static __always_inline int next_packet(struct __sk_buff *skb) {
  void *data = (void *)(long)skb->data;
  void *end = (void *)(long)skb->data_end;
  struct np_ipv4 *ip = data + sizeof(struct np_eth);
  struct np_ports *ports = (void *)(ip + 1);
  __u32 turn = bench.turn + 1;

  if ((void *)(ports + 1) > end)
    return 0;
  if (turn >= bench.flows)
    turn = 0;
  bench.turn = turn;
  /* Whole words, as a NIC or a socket would have written them long before: a
   * word that was written in parts and is read back at once stalls whoever
   * reads it first. The compiler would make two stores of one. */
  store_word(ip->src, bpf_htonl(0x0a000000 | (turn & 0xffff)));
  store_word(ports, bpf_htonl((1024 + (turn >> 16)) << 16 | 4097));
  return 1;
}

SEC("tc")
int bench_empty(struct __sk_buff *skb) {
  next_packet(skb);
  return NP_NEXT_PROGRAM;
}

SEC("tc")
int bench_flow(struct __sk_buff *skb) {
  next_packet(skb);
  return np_flow_packet(skb, NP_LINK_ETHERNET, NP_INGRESS);
}

/* The packet as it was handed over. */
SEC("tc")
int bench_fixed(struct __sk_buff *skb) {
  return np_flow_packet(skb, NP_LINK_ETHERNET, NP_INGRESS);
}

struct hash_key {
  __u8 src_ip[16];
  __u8 dst_ip[16];
  __u16 src_port;
  __u16 dst_port;
  __u32 proto;
};

struct hash_value {
  __u64 packets;
  __u64 bytes;
  __u64 first_ns;
  __u64 last_ns;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 262144);
  __type(key, struct hash_key);
  __type(value, struct hash_value);
} bench_hash_map SEC(".maps");

/* The same parser and interface counters; what differs is where the flow is
 * kept: a hash map, atomic adds, a precise time stamp, as most tools do it. */
SEC("tc")
int bench_hash(struct __sk_buff *skb) {
  struct np_layer layer;
  struct np_device_stats *dev;
  struct hash_value *value;
  struct hash_key key;
  __u32 cpu = bpf_get_smp_processor_id(), payload_off;
  const void *data, *end;
  __u64 now;
  int fast;

  next_packet(skb);
  data = (const void *)(long)skb->data;
  end = (const void *)(long)skb->data_end;
  dev = np_device(cpu, skb->ifindex, NP_INGRESS);
  if (!dev)
    return NP_NEXT_PROGRAM;
  NP_ADD(dev->packets, 1);
  NP_ADD(dev->bytes, skb->len);
  if (data + sizeof(struct np_eth) > end)
    return NP_NEXT_PROGRAM;
  np_layer_init(&layer);
  fast = np_fast_ip(data + sizeof(struct np_eth), end, sizeof(struct np_eth),
                    skb->len - sizeof(struct np_eth), &layer, &payload_off);
  if (fast < 0)
    return NP_NEXT_PROGRAM;
  NP_ADD(dev->fast[fast & (NP_FAST_CLASSES - 1)], 1);
  __builtin_memcpy(key.src_ip, layer.key.src_ip, 16);
  __builtin_memcpy(key.dst_ip, layer.key.dst_ip, 16);
  key.src_port = layer.key.src_port;
  key.dst_port = layer.key.dst_port;
  key.proto = layer.key.proto;
  now = bpf_ktime_get_ns();
  value = bpf_map_lookup_elem(&bench_hash_map, &key);
  if (value) {
    __sync_fetch_and_add(&value->packets, 1);
    __sync_fetch_and_add(&value->bytes, layer.ip_len);
    value->last_ns = now;
  } else {
    struct hash_value first = {
        .packets = 1, .bytes = layer.ip_len, .first_ns = now, .last_ns = now};

    bpf_map_update_elem(&bench_hash_map, &key, &first, BPF_ANY);
  }
  return NP_NEXT_PROGRAM;
}

SEC("tc")
int netprobe_tc_clock(struct __sk_buff *skb) {
  np_clock.jiffies = bpf_jiffies64();
  np_clock.ktime_ns = bpf_ktime_get_ns();
  return 0;
}

/* For live runs: what any attached program costs. */
SEC("tc")
int bench_nothing(struct __sk_buff *skb) {
  return NP_NEXT_PROGRAM;
}
