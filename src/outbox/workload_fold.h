// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/history.h"

namespace netprobe {

/// Sums up records of flows by who talked to whom: the workloads of both ends, the
/// direction, the protocol and the server's port, minute by minute of the wall clock,
/// so that sums by minute stay what they were. What finds no room is summed up under
/// "~other" by direction. A sum is a FlowRecord whose ends are workloads alone (kind,
/// namespace, name), whose addresses are unset, and whose rtt is the mean of those
/// that are known; it says how many records it is made of, and nothing of single flows.
/// Not thread-safe.
class WorkloadFold {
 public:
  explicit WorkloadFold(std::size_t most) : most_(most) {}

  /// True: it began a new sum.
  bool add(const FlowRecord& record);
  [[nodiscard]] std::size_t size() const { return groups_.size(); }
  /// There is hardly any room left even for what is other: take() is due.
  [[nodiscard]] bool full() const { return groups_.size() >= most_ + kMostOthers; }
  /// The sums, in the order in which they were begun. Begins anew.
  [[nodiscard]] std::vector<FlowRecord> take();

 private:
  // Directions by minutes: as late as records may come, these are few.
  static constexpr std::size_t kMostOthers = 64;
  static constexpr std::size_t kMostKnown = 65'536;

  struct Key {
    Micros minute = 0;
    const Identity* src = nullptr;  ///< of `shared_`
    const Identity* dst = nullptr;
    const char* direction = nullptr;  ///< static storage
    std::uint16_t port = 0;
    std::uint8_t protocol = 0;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct WorkloadHash {
    std::size_t operator()(const IdentityPtr& identity) const;
  };
  struct WorkloadEqual {
    bool operator()(const IdentityPtr& a, const IdentityPtr& b) const;
  };
  struct Group {
    FlowRecord sum;
    std::uint64_t rtts = 0;
    Micros rtt_sum = 0;
  };
  struct Known {
    IdentityPtr whole;  ///< held, so that its address stays its own
    IdentityPtr workload;
  };

  const IdentityPtr& workload_of(const IdentityPtr& whole);
  std::size_t group_of(const FlowRecord& record, bool& began);
  void forget_if_many();

  const std::size_t most_;
  std::vector<Group> groups_;
  std::unordered_map<Key, std::size_t, KeyHash> at_;
  std::unordered_map<const Identity*, Known> known_;
  /// One of each workload.
  std::unordered_map<IdentityPtr, IdentityPtr, WorkloadHash, WorkloadEqual> shared_;
};

/// What stands for ends that found no room.
[[nodiscard]] IdentityPtr other_workload();

}  // namespace netprobe
