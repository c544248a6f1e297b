// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "fleet/cluster_run.h"

namespace netprobe::test {

/// One question to a cluster in trouble, and whether the answer is right.
struct FaultAnswer {
  std::string situation;  ///< "20 dead, 20 slow, 20 flapping"
  double millis = 0;
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;
  bool partial = false;
  bool warned = false;  ///< that flows between nodes may be missing
  std::uint64_t missing_flows = 0;
  std::string wrong;  ///< one sentence; empty: all that was told is right
};

/// Agents of each 25 that are dead, slow or flapping.
inline constexpr std::size_t kFaultEvery = 25;
inline constexpr std::size_t kDead = 0;
inline constexpr std::size_t kSlow = 5;
inline constexpr std::size_t kFlapping = 10;

/// Asks a cluster that makes nothing new, well and in trouble, so many times each; in
/// the end it is well again. An error: it could not be asked at all.
[[nodiscard]] Result<std::vector<FaultAnswer>> check_faults(const ClusterRun& run,
                                                            std::size_t agents, int questions);

}  // namespace netprobe::test
