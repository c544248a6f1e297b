// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "model/flow.h"
#include "model/identity_filter.h"

namespace netprobe {

/// A conjunction of conditions on a flow; one model for the API's parameters
/// and the command line's flags. An empty filter matches everything.
class FlowFilter {
 public:
  /// Adds one condition. Keys (see keys()): ip, src_ip, dst_ip take an address
  /// or a prefix; port, src_port, dst_port a number; protocol a name or number;
  /// interface a name or glob that one of the flow's points matches; direction
  /// intra-node, inter-node, ingress or egress, or pod-to-pod, service or
  /// external (model/identity.h); vni a number; verdict one or more of the names
  /// of model/verdict.h, with commas between; process a pid, or a name or glob of
  /// a command; and those of IdentityFilter. A bare key means either side. '-' may
  /// stand for '_' in a key. Errors name the key and what is allowed.
  [[nodiscard]] Status add(std::string_view key, std::string_view value);
  [[nodiscard]] static bool is_key(std::string_view key);
  [[nodiscard]] static const std::vector<std::string_view>& keys();

  /// The words that a key takes, where there are only so many; else empty.
  [[nodiscard]] static std::vector<std::string_view> words_of(std::string_view key);

  /// `observed_by`: the node whose flow it is, for the key node.
  [[nodiscard]] bool matches(const Flow& flow, std::string_view observed_by = {}) const;
  [[nodiscard]] bool empty() const { return conditions_ == 0; }

 private:
  std::vector<IpPrefix> ip_;
  std::vector<IpPrefix> src_ip_;
  std::vector<IpPrefix> dst_ip_;
  std::vector<std::uint16_t> port_;
  std::vector<std::uint16_t> src_port_;
  std::vector<std::uint16_t> dst_port_;
  std::optional<std::uint8_t> protocol_;
  std::optional<std::uint32_t> vni_;
  std::vector<std::string> interface_;
  std::vector<std::string_view> directions_;
  std::vector<std::string_view> verdicts_;  ///< any of them; as to_string(Verdict) has them
  std::vector<std::string> process_;
  IdentityFilter identity_;
  int conditions_ = 0;
};

}  // namespace netprobe
