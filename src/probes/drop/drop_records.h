// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "abi/drop_abi.h"
#include "base/clock.h"
#include "model/drop.h"

namespace netprobe {

/// A reason and a place, for people.
struct DropPlace {
  std::string reason;
  std::string hook;
  std::string location;
  bool ignored = false;  ///< freed like a drop, and none
};

/// Drops since the start: a bounded number of records, and exact sums of all.
/// When there are too many records, those with the fewest packets go, the ones
/// that were quiet for long first, and only of places that have more than their
/// share of records: a flood at one place does not push out what happens
/// seldom at another. Their packets stay in the sums. One thread.
class DropRecords {
 public:
  using Namer = std::function<DropPlace(std::uint32_t reason, std::uint64_t location)>;
  using Stacker = std::function<std::vector<std::string>(std::int32_t id)>;
  DropRecords(std::size_t most, Namer namer, Stacker stacker);

  /// `to_wall`: what to add to the kernel's time.
  void add(const np_drop_tunnel_key& key, const np_drop_value& value, Nanos to_wall);
  /// Packets without a record. `now`: wall.
  void add_unattributed(const np_drop_place& place, const np_drop_sum& sum, Nanos now);
  /// For drops that know an ifindex and no device.
  void name_interface(std::uint32_t netns, std::uint32_t ifindex, const std::string& name);

  void report(DropReport& out) const;
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] std::uint64_t unattributed() const { return unattributed_; }
  [[nodiscard]] std::uint64_t folded() const { return folded_; }
  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const np_drop_tunnel_key& key) const;
  };
  struct Equal {
    bool operator()(const np_drop_tunnel_key& a, const np_drop_tunnel_key& b) const;
  };
  struct Entry {
    const DropPlace* place = nullptr;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    Nanos first = 0;  ///< wall
    Nanos last = 0;
    std::string interface;
  };
  using Records = std::unordered_map<np_drop_tunnel_key, Entry, Hash, Equal>;

  [[nodiscard]] const DropPlace& place_of(std::uint32_t reason, std::uint64_t location);
  void count(const DropPlace& place, std::uint64_t packets);
  void make_room(Nanos now);
  [[nodiscard]] DropRecord record_of(const np_drop_tunnel_key& whole, const Entry& entry) const;
  [[nodiscard]] std::string interface_of(const np_drop_key& key, const Entry& entry) const;

  const std::size_t most_;
  Namer namer_;
  Stacker stacker_;
  Records records_;
  /// The kernel's code has a bounded number of places that drop.
  std::map<std::pair<std::uint32_t, std::uint64_t>, DropPlace> places_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> totals_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> interfaces_;
  std::uint64_t events_ = 0;
  std::uint64_t unattributed_ = 0;
  std::uint64_t folded_ = 0;
};

}  // namespace netprobe
