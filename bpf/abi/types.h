/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fixed-width types that both sides of the kernel boundary use.
 * Only C constructs that are valid C++ too may stand in bpf/abi.
 */
#ifndef NETPROBE_BPF_ABI_TYPES_H
#define NETPROBE_BPF_ABI_TYPES_H

#include <linux/types.h>

#ifdef __cplusplus
#define NP_ABI_ASSERT(cond, why) static_assert(cond, why)
#else
#define NP_ABI_ASSERT(cond, why) _Static_assert(cond, why)
#endif

/* A function that both sides compute alike. */
#define NP_ABI_INLINE static inline __attribute__((always_inline))

#endif
