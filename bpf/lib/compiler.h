/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What every program needs from the compiler and from libbpf. */
#ifndef NETPROBE_BPF_LIB_COMPILER_H
#define NETPROBE_BPF_LIB_COMPILER_H

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words of packets and keys are taken apart as little-endian ones"
#endif

#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

/*
 * TC programs run with bottom halves off and each CPU writes its own slice
 * only, so a plain add is enough. On PREEMPT_RT that does not hold: a second
 * build of the same source with NP_PREEMPT_RT adds atomically and takes a set
 * before it writes to it. Atomics with a result need 5.12, as RT kernels in
 * distributions are.
 */
#ifdef NP_PREEMPT_RT
#define NP_ADD(counter, n) ((void)__sync_fetch_and_add(&(counter), (n)))
#define NP_TRY_TAKE(word) (__sync_val_compare_and_swap(&(word), 0, 1) == 0)
#define NP_RELEASE(word) ((void)__sync_lock_test_and_set(&(word), 0))
#else
#define NP_ADD(counter, n) ((counter) += (n))
#define NP_TRY_TAKE(word) 1
#define NP_RELEASE(word) ((void)0)
#endif

/*
 * Orders the stores of a slot's new occupant against its sequence number for
 * a reader on another CPU. x86 keeps stores in order by itself; elsewhere an
 * atomic with a result is a full barrier (5.12), which is why that is the
 * floor on arm64.
 */
#if defined(__TARGET_ARCH_x86)
#define NP_STORE_FENCE(word) barrier()
#else
#define NP_STORE_FENCE(word) ((void)__sync_fetch_and_or(&(word), 0))
#endif

#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif

#endif
