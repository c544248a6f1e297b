// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The program at the XDP hook: the first that sees a frame, in the driver
 * (native) or right behind it (generic), and ingress only.
 */
#include "lib/xdp.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("xdp")
int netprobe_xdp(struct xdp_md *ctx) {
  return np_xdp_packet(ctx);
}
