// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "analysis/network_policy/policy.h"
#include "base/result.h"

namespace netprobe::network_policy {

/// Whose policy is made.
struct Subject {
  std::string name_space;
  std::string workload;
  std::string workload_kind;
  std::optional<Labels> labels{};
  bool host_network = false;

  [[nodiscard]] bool is(const End& end) const;
};

struct MakerOptions {
  /// Networks outside that one rule has at most; addresses are joined until they fit.
  std::size_t most_blocks = 16;
  /// All addresses for those that do not fit; else they are left out.
  bool any_outside = false;
  /// What nobody answered is let through as well.
  bool unanswered = false;
  /// Another kind of workload has the same name, so that the policy's needs more.
  bool name_is_shared = false;
};

struct Advice {
  Policy policy;
  std::uint64_t flows = 0;  ///< that it was made of
  /// What was seen and is not in it, and what is wider than what was seen: sentences.
  std::vector<std::string> remarks;
};

/// The least policy that lets through what was seen of the subject. Errors: no policy can be
/// made, and why; never one without a rule.
[[nodiscard]] Result<Advice> make_policy(const Subject& subject, std::span<const Seen> seen,
                                         const MakerOptions& options = {});

/// Without labels that are another one for each pod, revision or release.
[[nodiscard]] Labels stable_labels(const Labels& labels);

/// As few networks as `most`, each the least that has what it is joined of; nothing where
/// one would be wider than /16 (IPv6: /32). Sorted.
[[nodiscard]] std::optional<std::vector<IpPrefix>> join_addresses(std::vector<IpAddress> addresses,
                                                                  std::size_t most);

}  // namespace netprobe::network_policy
