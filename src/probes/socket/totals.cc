// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/totals.h"

namespace netprobe {

np_socket_totals sum_of(const MappedArray<np_socket_totals>& per_cpu) {
  // Every field is a 64-bit counter, so the struct is an array of them.
  static_assert(sizeof(np_socket_totals) % sizeof(__u64) == 0);
  constexpr std::size_t kCounters = sizeof(np_socket_totals) / sizeof(__u64);
  np_socket_totals sum{};
  auto* to = reinterpret_cast<__u64*>(&sum);
  for (std::size_t cpu = 0; cpu < per_cpu.size(); ++cpu) {
    const auto* from = reinterpret_cast<const __u64*>(&per_cpu[cpu]);
    for (std::size_t i = 0; i < kCounters; ++i)
      to[i] += __atomic_load_n(&from[i], __ATOMIC_RELAXED);
  }
  return sum;
}

}  // namespace netprobe
