// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/network_policy/policy.h"
#include "analysis/network_policy/policy_maker.h"
#include "base/result.h"

namespace netprobe::network_policy {

/// Whose policies are made, and how.
struct AdviceQuestion {
  std::string name_space;
  std::string workload;          ///< empty: all of the namespace
  std::string since;             ///< as it was asked for
  std::optional<Labels> labels;  ///< that select the workload's pods, in place of its own
  bool any_outside = false;
  bool unanswered = false;
};

/// Flows of a namespace's pods, with who their ends are.
struct Observed {
  std::vector<Seen> seen;
  std::string since;       ///< RFC 3339: from when on history was looked at
  std::string kept_since;  ///< the oldest that there is; empty: not known
  /// What makes it less than all: sentences.
  std::vector<std::string> warnings;
};

/// What policies make of what was seen.
struct Replay {
  struct Found {
    bool denied = false;  ///< else: may be denied, what decides is not known
    std::string text;     ///< "shop/web to db/pg, tcp 5432: no egress rule has it"
    std::uint64_t flows = 0;
  };
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  std::uint64_t unclear = 0;
  std::uint64_t other = 0;      ///< that none of them selects
  std::vector<Found> found;     ///< kMostFound of them
  std::uint64_t not_shown = 0;  ///< of these
  static constexpr std::size_t kMostFound = 50;
};
[[nodiscard]] Replay replay(std::span<const Policy> policies, std::span<const Seen> flows);

/// Of one workload. Without a policy: why there is none.
struct WorkloadAdvice {
  std::string workload;
  std::string workload_kind;
  std::optional<Advice> advice;
  std::string why_none;
  Replay replay;     ///< of all that was seen
  std::string yaml;  ///< the policy, with what it was made of as comments
};

/// A policy for each workload that was seen. kNotFound where none was, kUsage where the
/// question does not fit what was seen.
[[nodiscard]] Result<std::vector<WorkloadAdvice>> advise(const AdviceQuestion& question,
                                                         const Observed& observed);

/// "app=web,tier=front" as labels; an error names the one that is none.
[[nodiscard]] Result<Labels> parse_labels(std::string_view text);

/// What was looked at and what is missing in it; what a replay found: a sentence each.
[[nodiscard]] std::vector<std::string> words_of(const Observed& observed, const std::string& since);
[[nodiscard]] std::vector<std::string> words_of(const Replay& replay);

}  // namespace netprobe::network_policy
