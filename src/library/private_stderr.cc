// SPDX-License-Identifier: Apache-2.0
// Distributions compile libbpf.a for programs: it reaches libc's variable `stderr`
// by a relocation that a shared library cannot have. The link is told to put ours
// in its place (--wrap=stderr), which holds the same.
#include <cstdio>

#pragma clang diagnostic ignored "-Wreserved-identifier"

// NOLINTBEGIN: the names are ld's.
extern "C" {
extern FILE* __real_stderr;
FILE* __wrap_stderr = nullptr;
}

namespace {

/// Before every constructor that has no priority.
__attribute__((constructor(101))) void take_over() { __wrap_stderr = __real_stderr; }

}  // namespace
// NOLINTEND
