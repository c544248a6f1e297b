// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "model/drop.h"

namespace netprobe {

/// What records of dropped packets gained from one report to the next. Knows as
/// many as the newest report has. One thread.
class DropGrowth {
 public:
  using Call = std::function<void(const DropRecord& record, const Counters& gained)>;
  /// Calls for each record with more packets than before. Records that
  /// differ in nothing but their stack may be one of them, and are summed up. A
  /// record that made room for others and came again counts from 0; what it
  /// gained unseen in between is not told.
  void update(const DropReport& report, const Call& call);
  [[nodiscard]] std::size_t size() const { return known_.size(); }

 private:
  /// What makes a record one.
  struct Key {
    FlowTuple tuple;
    std::optional<DropInside> inside;
    std::uint32_t ifindex = 0;
    std::uint64_t netns = 0;
    std::string reason;
    std::string hook;
    std::string location;
    std::uint16_t ethertype = 0;
    Nanos first_seen = 0;  ///< tells stacks apart, and a record that came again
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Known {
    Counters count;
    std::uint64_t report = 0;
    std::size_t sum = 0;  ///< its place among the sums of that report
  };
  boost::unordered_flat_map<Key, Known, KeyHash> known_;
  std::uint64_t reports_ = 0;
};

}  // namespace netprobe
