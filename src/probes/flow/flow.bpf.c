// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Programs at the TC hook. Why there: it is the one place that sees both
 * directions of every kind of interface, after the driver and before the
 * stack, in both TCX (6.6) and clsact form. Section "tc" leaves the form to
 * the loader.
 */
#include "lib/flow_tc.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tc")
int netprobe_tc_ingress(struct __sk_buff *skb) {
  return np_flow_packet(skb, NP_LINK_ETHERNET, NP_INGRESS);
}

SEC("tc")
int netprobe_tc_egress(struct __sk_buff *skb) {
  return np_flow_packet(skb, NP_LINK_ETHERNET, NP_EGRESS);
}

SEC("tc")
int netprobe_tc_l3_ingress(struct __sk_buff *skb) {
  return np_flow_packet(skb, NP_LINK_IP, NP_INGRESS);
}

SEC("tc")
int netprobe_tc_l3_egress(struct __sk_buff *skb) {
  return np_flow_packet(skb, NP_LINK_IP, NP_EGRESS);
}

/* Run by user space, never attached: says what the time is in jiffies. */
SEC("tc")
int netprobe_tc_clock(struct __sk_buff *skb) {
  np_clock.jiffies = bpf_jiffies64();
  np_clock.ktime_ns = bpf_ktime_get_ns();
  np_clock.zero_ns = np_clock.ktime_ns - np_clock.jiffies * np_config.tick_ns;
  return 0;
}
