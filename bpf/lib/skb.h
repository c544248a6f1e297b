/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernel's packet buffer and its surroundings, as far as tracing programs
 * read them. Names are the kernel's; offsets are fitted to the running one
 * (CO-RE), so only the fields that are read stand here.
 */
#ifndef NETPROBE_BPF_LIB_SKB_H
#define NETPROBE_BPF_LIB_SKB_H

#include "compiler.h"

#include <bpf/bpf_core_read.h>

#define NP_KERNEL __attribute__((preserve_access_index))

struct ns_common {
  unsigned int inum;
} NP_KERNEL;

struct net {
  struct ns_common ns;
} NP_KERNEL;

typedef struct {
  struct net *net;
} NP_KERNEL possible_net_t;

struct net_device {
  char name[16];
  int ifindex;
  possible_net_t nd_net;
} NP_KERNEL;

struct dst_entry {
  struct net_device *dev;
} NP_KERNEL;

struct np_in6 {
  __u8 bytes[16];
};

struct sock_common {
  __be32 skc_daddr;
  __be32 skc_rcv_saddr;
  __be16 skc_dport;
  __u16 skc_num;
  unsigned short skc_family;
  int skc_bound_dev_if;
  possible_net_t skc_net;
  struct np_in6 skc_v6_daddr;
  struct np_in6 skc_v6_rcv_saddr;
} NP_KERNEL;

struct sock {
  struct sock_common __sk_common;
  __u16 sk_protocol;
} NP_KERNEL;

struct sk_buff {
  struct net_device *dev;
  struct sock *sk;
  unsigned long _skb_refdst;
  unsigned int len;
  unsigned int data_len;
  int skb_iif;
  __be16 protocol;
  __u16 transport_header;
  __u16 network_header;
  __u16 mac_header;
  unsigned int tail;
  unsigned int end;
  unsigned char *head;
  unsigned char *data;
} NP_KERNEL;

struct skb_shared_info {
  unsigned short gso_size;
  unsigned short gso_segs;
} NP_KERNEL;

#define NP_SKB_DST_NOREF 1UL
#define NP_HEADER_UNSET 0xffff

/*
 * A field of a kernel object. Programs that the kernel gives typed pointers
 * (tp_btf) read it in place; raw tracepoints have to copy.
 */
#ifdef NP_RAW
#define NP_FIELD(object, field) BPF_CORE_READ(object, field)
#else
#define NP_FIELD(object, field) ((object)->field)
#endif

#endif
