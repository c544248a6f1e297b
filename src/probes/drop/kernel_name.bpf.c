// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The name of an address in the kernel's code, as the kernel itself prints it.
 * User space writes the address into .data, runs this once and reads the name
 * there. It has no type of the kernel in it, so that it loads at once.
 */
#include "abi/drop_abi.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct np_kernel_name np_kernel_name SEC(".data");

/* 5.14 has programs that are just run, 5.13 bpf_snprintf. */
SEC("syscall")
int netprobe_kernel_name(void *ctx) {
  static const char format[] = "%pB"; /* of a return address: it may be the next function's first */
  __u64 argument = np_kernel_name.address;

  (void)ctx;
  return bpf_snprintf(np_kernel_name.name, sizeof(np_kernel_name.name), format, &argument,
                      sizeof(argument)) < 0;
}
