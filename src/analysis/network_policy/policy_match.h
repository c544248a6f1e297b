// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "analysis/network_policy/policy.h"

namespace netprobe::network_policy {

enum class Ruling : std::uint8_t {
  kNotSelected,  ///< the policies are of other pods
  kAllowed,
  kDenied,
  kUnclear,  ///< what they ask for is not known: labels, a port's name, a backend
};

/// What these policies together make of a flow: each side that one of them selects must be
/// let through by one of those that select it. Not told are other policies.
struct Judgement {
  Ruling ruling = Ruling::kNotSelected;
  std::string why{};  ///< where it is denied or unclear
};
[[nodiscard]] Judgement judge(std::span<const Policy> policies, const Seen& seen);

/// Workloads among what was seen whose pods the policy selects: "Deployment shop/web".
[[nodiscard]] std::set<std::string> selected_by(const Policy& policy, std::span<const Seen> seen);

}  // namespace netprobe::network_policy
