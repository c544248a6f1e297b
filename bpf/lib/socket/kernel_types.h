/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What these programs read of the kernel's structs: only the members that are
 * used, found by CO-RE where the running kernel has them.
 */
#ifndef NETPROBE_SOCKET_KERNEL_TYPES_H
#define NETPROBE_SOCKET_KERNEL_TYPES_H

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef _Bool bool;
#define true 1
#define false 0

#define NP_KERNEL_STRUCT __attribute__((preserve_access_index))

/* include/linux/socket.h, in.h, net/tcp_states.h */
enum {
  AF_INET = 2,
  AF_INET6 = 10,
  SOCK_DGRAM = 2,
  IPPROTO_TCP = 6,
  IPPROTO_UDP = 17,
  TCP_ESTABLISHED = 1,
  TCP_SYN_SENT,
  TCP_SYN_RECV,
  TCP_FIN_WAIT1,
  TCP_FIN_WAIT2,
  TCP_TIME_WAIT,
  TCP_CLOSE,
  TCP_CLOSE_WAIT,
  TCP_LAST_ACK,
  TCP_LISTEN,
  TCP_CLOSING,
  TCP_NEW_SYN_RECV,
  /* enum sock_flags */
  SOCK_DEAD = 0,
  SOCK_DONE = 1,
};
#define MSG_PEEK 2
#define MSG_ERRQUEUE 0x2000
#define PF_KTHREAD 0x00200000

struct ns_common {
  unsigned int inum;
} NP_KERNEL_STRUCT;
struct net {
  struct ns_common ns;
} NP_KERNEL_STRUCT;
typedef struct {
  struct net *net;
} NP_KERNEL_STRUCT possible_net_t;
typedef struct {
  __s64 counter;
} NP_KERNEL_STRUCT atomic64_t;
typedef struct {
  int counter;
} NP_KERNEL_STRUCT atomic_t;
struct in6_addr {
  __u8 bytes[16];
};

struct sock_common {
  __be32 skc_daddr;
  __be32 skc_rcv_saddr;
  __be16 skc_dport;
  __u16 skc_num;
  unsigned short skc_family;
  volatile unsigned char skc_state;
  possible_net_t skc_net;
  struct in6_addr skc_v6_daddr;
  struct in6_addr skc_v6_rcv_saddr;
  atomic64_t skc_cookie;
  unsigned long skc_flags;
} NP_KERNEL_STRUCT;
typedef struct {
  int owned;
} NP_KERNEL_STRUCT socket_lock_t;
struct numa_drop_counters {
  atomic_t drops0;
  atomic_t drops1;
} NP_KERNEL_STRUCT;
struct dst_entry;
struct sock {
  struct sock_common __sk_common;
  struct dst_entry *sk_dst_cache;
  socket_lock_t sk_lock;
  atomic_t sk_drops;
  struct numa_drop_counters *sk_drop_counters; /* 6.18 */
  __u16 sk_protocol;
  __u16 sk_type;
  int sk_err;
  __u32 sk_ack_backlog;
  __u32 sk_max_ack_backlog;
} NP_KERNEL_STRUCT;
struct inet_sock {
  __be16 inet_sport;
} NP_KERNEL_STRUCT;
struct inet_connection_sock {
  struct inet_sock icsk_inet;
  __u32 icsk_rto;
} NP_KERNEL_STRUCT;
struct minmax_sample {
  __u32 t;
  __u32 v;
} NP_KERNEL_STRUCT;
struct minmax {
  struct minmax_sample s[3];
} NP_KERNEL_STRUCT;
struct list_head {
  struct list_head *next;
} NP_KERNEL_STRUCT;
struct tcp_sock {
  struct inet_connection_sock inet_conn;
  struct list_head tsq_node;
  __u64 bytes_acked;
  __u64 bytes_received;
  __u64 bytes_sent;
  __u64 bytes_retrans;
  __u32 write_seq;
  __u32 snd_una;
  __u32 snd_nxt;
  __u32 rcv_nxt;
  __u32 copied_seq;
  __u32 srtt_us;
  __u32 snd_cwnd;
  __u32 total_retrans;
  __u32 segs_out;
  __u32 data_segs_out;
  struct minmax rtt_min;
} NP_KERNEL_STRUCT;

struct kernfs_node {
  __u64 id;
} NP_KERNEL_STRUCT;
struct cgroup {
  struct kernfs_node *kn;
} NP_KERNEL_STRUCT;
struct css_set {
  struct cgroup *dfl_cgrp;
} NP_KERNEL_STRUCT;
struct task_struct {
  unsigned int flags;
  int pid;
  int tgid;
  struct task_struct *group_leader;
  struct css_set *cgroups;
  char comm[16];
} NP_KERNEL_STRUCT;

struct socket {
  struct sock *sk;
} NP_KERNEL_STRUCT;
struct file_operations;
struct file {
  const struct file_operations *f_op;
  void *private_data;
} NP_KERNEL_STRUCT;

struct seq_file;
struct bpf_map;
struct bpf_iter_meta {
  struct seq_file *seq;
  __u64 session_id;
  __u64 seq_num;
} NP_KERNEL_STRUCT;
struct bpf_iter__task_file {
  struct bpf_iter_meta *meta;
  struct task_struct *task;
  __u32 fd;
  struct file *file;
} NP_KERNEL_STRUCT;
struct bpf_iter__bpf_map_elem {
  struct bpf_iter_meta *meta;
  struct bpf_map *map;
  void *key;
  void *value;
} NP_KERNEL_STRUCT;

#endif
