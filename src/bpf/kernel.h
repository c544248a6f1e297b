// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"

namespace netprobe {

/// What the running kernel is and can do, as far as the probes' ladders ask.
struct KernelFeatures {
  std::string release;  ///< uname -r
  int major = 0;
  int minor = 0;
  bool preempt_rt = false;
  int possible_cpus = 1;
  long tick_ns = 4'000'000;  ///< length of a jiffy

  [[nodiscard]] bool at_least(int want_major, int want_minor) const {
    return major > want_major || (major == want_major && minor >= want_minor);
  }
};

/// Looks at the kernel. Errors: below the floor, no BTF, no permission; each
/// one sentence with the way out.
[[nodiscard]] Result<KernelFeatures> probe_kernel();
/// The checks alone, for tests.
[[nodiscard]] Status check_kernel_release(const std::string& release, const std::string& machine);

/// Raises what older kernels (before 5.11) charge BPF memory to; no error:
/// where it matters, loading fails with a clear message.
void lift_memlock_limit();

}  // namespace netprobe
