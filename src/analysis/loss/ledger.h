// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "analysis/loss/path.h"
#include "model/loss.h"

namespace netprobe {

/// The losses that were found: sums that only grow, and the newest losses one
/// by one with what explains them.
class LossLedger {
 public:
  explicit LossLedger(std::size_t most) : most_(most) {}

  /// A loss of one flow, one direction, one passage.
  struct Key {
    std::uint64_t flow_id = 0;
    std::uint8_t side = 0;
    Passage passage = Passage::kRouting;
    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    Loss loss;
    std::uint32_t from = 0;  ///< ifindex
    std::uint32_t to = 0;
    bool tunnelled = false;  ///< inside a tunnel's packet at one of the two
    FlowTuple translated;
    bool nat = false;
    [[nodiscard]] std::uint64_t unexplained() const;
  };

  /// `found` more packets are lost; the rest of `entry` is how things stand.
  void add(const Key& key, std::uint64_t found, const Entry& entry);
  void explain(const Key& key, const LossReason& reason);

  [[nodiscard]] std::map<Key, Entry>& entries() { return entries_; }
  void report(LossReport& report) const;
  /// Losses of one flow; null without.
  [[nodiscard]] std::shared_ptr<const std::vector<Loss>> of_flow(std::uint64_t id) const;
  [[nodiscard]] bool empty() const { return entries_.empty(); }

 private:
  void make_room();

  std::size_t most_;
  std::map<Key, Entry> entries_;
  std::map<std::tuple<Role, bool, Role>, std::uint64_t> totals_;
  std::uint64_t forgotten_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace netprobe
