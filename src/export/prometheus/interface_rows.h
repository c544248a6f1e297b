// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/snapshot.h"

namespace netprobe {

/// What the interface metrics show as one interface.
struct InterfaceRow {
  std::string name;
  std::string role;
  DeviceCounters rx;
  DeviceCounters tx;
  double rx_packets_per_second = 0;
  double rx_bytes_per_second = 0;
  double tx_packets_per_second = 0;
  double tx_bytes_per_second = 0;
  /// Of several interfaces: the highest of each, and the sum of what counts.
  LinkUse rx_use;
  LinkUse tx_use;
};

/// Bounds the number of interfaces that have series of their own; the rest are
/// one row "~other". An interface stays on the side it came to until it goes,
/// so no counter ever runs backwards and none is counted twice; what folded
/// interfaces counted stays in ~other when they go.
class InterfaceFold {
 public:
  explicit InterfaceFold(std::size_t most) : most_(most) {}
  /// Interfaces of the same name (one that is going, its successor) are one
  /// row: the same series twice would spoil the whole page.
  [[nodiscard]] std::vector<InterfaceRow> rows(const Snapshot& snapshot, bool active_only);
  /// Interfaces ever folded.
  [[nodiscard]] std::uint64_t folded_total() const { return folded_total_; }

 private:
  struct Sums {
    DeviceCounters rx;
    DeviceCounters tx;
    LinkUse rx_use;  ///< only what counts
    LinkUse tx_use;
  };
  [[nodiscard]] bool is_kept(std::uint32_t ifindex);
  void forget_gone(const Snapshot& snapshot);

  const std::size_t most_;
  std::set<std::uint32_t> kept_;          ///< by ifindex
  std::map<std::uint32_t, Sums> folded_;  ///< by ifindex, as last seen
  Sums gone_;                             ///< of folded ones that are gone
  std::uint64_t folded_total_ = 0;
};

}  // namespace netprobe
