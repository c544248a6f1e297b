// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "model/interface.h"
#include "model/tunnel.h"

namespace netprobe {

/// What vxlan_stats counts by.
struct TunnelKey {
  Tunnel kind = Tunnel::kVxlan;
  std::uint32_t vni = 0;
  IpAddress outer_src;
  IpAddress outer_dst;
  Direction direction = Direction::kIngress;
  std::uint32_t ifindex = 0;
  auto operator<=>(const TunnelKey&) const = default;
};

/// A row of it, summed over CPUs, as read at one moment. Counters grow as long
/// as the row is in the map.
struct TunnelRow {
  TunnelKey key;
  Counters counters;
  std::uint64_t fragments = 0;
  Nanos first_seen = 0;  ///< monotonic
  Nanos last_seen = 0;
};

using InterfaceMap = std::map<std::uint32_t, InterfaceInfo>;

/// Makes sums that only grow of rows that come and go. Pure; one thread.
class TunnelTable {
 public:
  /// A tunnel is active that had a packet within this time.
  static constexpr Nanos kActive = 60 * kSecond;
  /// Pairs of kind and VNI that have totals of their own.
  static constexpr std::size_t kMaxVnis = 500;
  /// `rows`: all that the map has.
  void update(const std::vector<TunnelRow>& rows, const InterfaceMap& interfaces);

  /// Rows that may leave the map, quiet for longest first: none while it is
  /// less than half full, then what was quiet for ten minutes, and from nine
  /// tenths on what was quiet for one.
  [[nodiscard]] std::vector<TunnelKey> stale(std::size_t capacity, Nanos now) const;
  /// They have left it, with these last values.
  void removed(const TunnelRow& row, const InterfaceMap& interfaces);

  /// traffic, totals, active and new_tunnels of `report`; `wall_offset` is
  /// wall clock minus monotonic.
  void report(TunnelReport& report, const InterfaceMap& interfaces, Nanos now,
              Nanos wall_offset) const;

 private:
  struct Known {
    Counters counters;
    std::uint64_t fragments = 0;
    Nanos first_seen = 0;
    Nanos last_seen = 0;
    bool counted_above = false;
    bool folded = false;  ///< its VNI has no totals of its own
  };
  struct TotalKey {
    Tunnel kind = Tunnel::kVxlan;
    std::uint32_t vni = 0;
    Direction direction = Direction::kIngress;
    auto operator<=>(const TotalKey&) const = default;
  };
  void take(const TunnelRow& row, Known& known);
  [[nodiscard]] TotalKey total_key(const TunnelKey& key);
  /// What stands on an interface: its bridge or bond, VLANs.
  using Uppers = std::multimap<std::uint32_t, std::uint32_t>;
  [[nodiscard]] static Uppers uppers_of(const InterfaceMap& interfaces);
  [[nodiscard]] bool counted_above(const TunnelKey& key, const Uppers& uppers) const;

  std::map<TunnelKey, Known> rows_;
  std::map<TotalKey, Counters> totals_;
  std::set<std::pair<Tunnel, std::uint32_t>> vnis_;  ///< that have totals
  std::uint64_t folded_rows_ = 0;
  std::uint64_t new_tunnels_ = 0;
};

/// Both directions and every interface of a tunnel as one.
struct TunnelPair {
  Tunnel kind = Tunnel::kVxlan;
  std::uint32_t vni = 0;
  IpAddress low;
  IpAddress high;
  auto operator<=>(const TunnelPair&) const = default;
};
[[nodiscard]] TunnelPair pair_of(const TunnelKey& key);

}  // namespace netprobe
