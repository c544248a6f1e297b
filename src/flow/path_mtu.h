// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/flow.h"
#include "model/flow_delta.h"

namespace netprobe {

/// What ICMP told the flows of a table about packets that were too big:
/// fragmentation needed (RFC 792, RFC 1191) and packet too big (RFC 4443). Few
/// flows have any, so it stands beside them. By index of the flow's entry.
class PathMtus {
 public:
  /// True where the error is one of these and its packet was not counted at
  /// another interface before: the same packet passes several.
  bool on_error(std::uint32_t entry, const IcmpErrorEvent& event);
  void fill(std::uint32_t entry, Flow& flow) const;
  /// The entry's flow has ended.
  void forget(std::uint32_t entry);

 private:
  struct AtPoint {
    std::uint32_t ifindex;
    std::uint64_t errors;
  };
  struct Known {
    std::uint32_t mtu = 0;
    std::uint64_t errors = 0;  ///< most that one interface saw
    std::vector<AtPoint> points;
  };
  std::unordered_map<std::uint32_t, Known> flows_;
};

}  // namespace netprobe
