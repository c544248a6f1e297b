// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/result.h"

namespace netprobe {

/// What a block or a limit does: count what it would drop, or drop it.
enum class BlockMode : std::uint8_t { kDryRun, kEnforce };
/// "dry-run", "enforce".
[[nodiscard]] constexpr std::string_view to_string(BlockMode mode) {
  return mode == BlockMode::kEnforce ? "enforce" : "dry-run";
}

/// A block as the data plane has it.
struct PlaneBlock {
  IpPrefix what;  ///< sources; an address is a prefix of full length
  BlockMode mode = BlockMode::kDryRun;
  Nanos remaining = 0;        ///< until it ends by itself; of a read one not below 0
  std::uint64_t packets = 0;  ///< that it matched, dropped or not
  std::uint64_t bytes = 0;    ///< link-layer bytes of those
};

/// What a limit is over: all that one address sends, all that it gets, or the
/// connections that are asked of one address and port.
enum class LimitSide : std::uint8_t { kSource, kTarget, kSyn };
/// "source", "target", "syn".
[[nodiscard]] constexpr std::string_view to_string(LimitSide side) {
  return side == LimitSide::kSource ? "source" : side == LimitSide::kTarget ? "target" : "syn";
}

/// A token bucket in the data plane.
struct PlaneLimit {
  IpAddress address;
  std::uint16_t port = 0;  ///< kSyn; else 0
  LimitSide side = LimitSide::kSource;
  BlockMode mode = BlockMode::kDryRun;
  bool bytes = false;       ///< a token is a byte, else a packet
  std::uint64_t rate = 0;   ///< tokens a second, at least 1
  std::uint64_t burst = 0;  ///< tokens that a full bucket has, at least 1
  Nanos remaining = 0;
  std::uint64_t over_packets = 0;  ///< that found too few tokens, dropped or not
  std::uint64_t over_bytes = 0;
};

struct PlaneSum {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};
/// Why packets were dropped: names of metrics' labels.
inline constexpr std::array<std::string_view, 7> kBlockCauses{
    "address",      "network",      "feed_address", "feed_network",
    "source_limit", "target_limit", "syn_limit"};

/// What the data plane counted, over all CPUs and interfaces.
struct PlaneCounters {
  std::array<PlaneSum, kBlockCauses.size()> dropped;
  std::array<PlaneSum, kBlockCauses.size()> would_drop;  ///< by what is a dry run
  std::uint64_t looked = 0;      ///< packets that the first test did not let through
  std::uint64_t allowed = 0;     ///< of those: their source is on the allow list
  std::uint64_t clean = 0;       ///< of those: nothing matched after all
  std::uint64_t too_deep = 0;    ///< passed: too many prefixes around each other, all over
  std::uint64_t contended = 0;   ///< passed without paying: all CPUs had the same bucket
  std::uint64_t challenged = 0;  ///< SYNs that were dropped for their client to repeat
  std::uint64_t proven = 0;      ///< SYNs that were repeated as clients do
};

/// What the data plane can hold.
struct PlaneRoom {
  std::size_t addresses = 65'536;  ///< blocked one by one
  std::size_t networks = 4'096;
  std::size_t feed_addresses = 65'536;
  std::size_t feed_networks = 16'384;
};

/// Where blocks are carried out. An entry ends at its time by itself, whoever
/// is still there. Calls are safe from every thread; those that take long
/// (feeds) hold up no other. An error where something did not find room says
/// so, with kind kBusy.
class BlockPlane {
 public:
  virtual ~BlockPlane() = default;
  /// Adds it, or replaces what there is for the same prefix, keeping its counts.
  [[nodiscard]] virtual Status put(const PlaneBlock& block) = 0;
  /// No error where there is none.
  [[nodiscard]] virtual Status remove(const IpPrefix& what) = 0;
  [[nodiscard]] virtual std::vector<PlaneBlock> blocks() const = 0;
  /// Networks that nothing here drops a packet of; in place of those before.
  [[nodiscard]] virtual Status allow(std::span<const IpPrefix> networks) = 0;
  /// A whole list, in place of the one before; entries of both match meanwhile.
  [[nodiscard]] virtual Status load_feed(std::span<const IpPrefix> networks, BlockMode mode,
                                         Nanos lasting) = 0;
  /// From now on nothing of the feed matches; tidy() gives back its memory.
  virtual void drop_feed() = 0;
  [[nodiscard]] virtual bool in_feed(const IpPrefix& what) const = 0;
  [[nodiscard]] virtual Status put(const PlaneLimit& limit) = 0;
  [[nodiscard]] virtual Status remove_limit(const PlaneLimit& limit) = 0;
  [[nodiscard]] virtual std::vector<PlaneLimit> limits() const = 0;
  /// Nothing is dropped from now on: one store, then everything is removed.
  [[nodiscard]] virtual Status clear() = 0;
  /// Every second or so: a bounded piece of housekeeping.
  virtual void tidy() = 0;
  [[nodiscard]] virtual PlaneCounters counters() const = 0;
  [[nodiscard]] virtual PlaneRoom room() const = 0;
};

}  // namespace netprobe
