// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Iterators that look at sockets: the same on every rung. They share the maps
 * of socket.bpf.c. */
#include "abi/socket_abi.h"
#include "lib/socket/prober.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("iter/bpf_map_elem")
int netprobe_socket_sweep(struct bpf_iter__bpf_map_elem *ctx) {
  __u64 *key = ctx->key;
  struct np_connection *c = ctx->value;
  struct np_swept out = {};

  if (!key || !c)
    return 0;
  out.key = *key;
  __builtin_memcpy(&out.c, c, sizeof(out.c));
  np_sweep_tcp(&out);
  bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
  return 0;
}

SEC("iter/bpf_map_elem")
int netprobe_udp_sweep(struct bpf_iter__bpf_map_elem *ctx) {
  struct np_udp_key *key = ctx->key;
  struct np_connection *c = ctx->value;
  struct np_swept_udp out = {};
  struct sock *sk;

  if (!key || !c)
    return 0;
  __builtin_memcpy(&out.key, key, sizeof(out.key));
  __builtin_memcpy(&out.c, c, sizeof(out.c));
  sk = (struct sock *)out.key.socket;
  out.c.receive_drops = np_read_drops(sk);
  if (!np_is_same(sk, &out.c) || np_flag(sk, SOCK_DEAD) || !np_is_udp(sk))
    out.c.flags |= NP_CONN_STALE;
  bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
  return 0;
}

SEC("iter/task_file")
int netprobe_socket_files(struct bpf_iter__task_file *ctx) {
  struct file *file = ctx->file;
  struct task_struct *task = ctx->task;

  if (file && task)
    np_found_file(file, task);
  return 0;
}
