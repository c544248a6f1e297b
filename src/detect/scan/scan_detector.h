// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "detect/scan/answered.h"
#include "detect/scan/probe_set.h"
#include "detect/scan/scan_options.h"
#include "detect/scan/shapes.h"
#include "model/detector.h"
#include "sketch/extent.h"
#include "sketch/idle_map.h"
#include "sketch/keyed_hash.h"

namespace netprobe {

/// Of a hash that is keyed already.
struct SameHash {
  std::size_t operator()(std::uint64_t hash) const { return hash; }
};

/// A source with more than a few probes.
struct ScanSuspect {
  struct Told {
    std::uint64_t what = 0;
    std::uint32_t seconds = 0;
  };
  struct Tried {
    IpAddress address;
    IdentityPtr identity;
  };
  IpAddress address;
  IpAddress other_family;  ///< of a pod that has both
  IdentityPtr identity;
  ProcessPtr process;
  std::array<Tried, 3> tried;  ///< the newest targets, newest first
  ProbeSet probes;
  Extent targets;   ///< tried, since it is known
  Extent ports;     ///< tried
  Extent answered;  ///< pairs that had data for it
  std::uint64_t count = 0;
  std::uint32_t last = 0;         ///< seconds
  std::uint32_t quiet_until = 0;  ///< a block was told of: there is no more to find before
  bool outside = false;
  bool proven = false;  ///< its address is its own
  bool dirty = false;
  std::array<Told, 4> told;

  /// Its address, as `peer` knows it.
  [[nodiscard]] const IpAddress& address_for(const IpAddress& peer) const {
    const bool other = peer.is_v4() != address.is_v4() && !other_family.is_unspecified();
    return other ? other_family : address;
  }
};

/// A target whose ports were tried, by whomever.
struct ScanTarget {
  IpAddress address;
  IdentityPtr identity;
  ProbeSet probes;  ///< one a port; the peer is the first that tried it
  Extent sources;
  std::uint64_t count = 0;
  std::uint32_t last = 0;
  std::uint32_t told = 0;
  bool dirty = false;
};

/// Finds port scans, sweeps of networks, slow and distributed scans by attempts that fail
/// or are odd: docs/detectors.md has the definitions.
///
/// Kinds: "port_scan" (ports of a target; key "source>target"), "network_scan" (targets on
/// a port; key "source/tcp/22"), "ping_sweep" (key "source"), "block_scan" (both; key
/// "source"), "slow_scan" (any of these, far apart; keys as above), "distributed_scan"
/// (key is the target). A source is a pod, whatever addresses it has, else an address.
class ScanDetector final : public Detector {
 public:
  explicit ScanDetector(const ScanOptions& options = {});

  [[nodiscard]] std::string_view name() const override { return "port_scan"; }
  void on_flow(const FlowRecord& record) override;
  void tick(Micros now, const FindingSink& found) override;
  /// At most 8 MiB with default options.
  [[nodiscard]] std::size_t bytes() const override;
  [[nodiscard]] std::uint64_t not_followed() const override;

 private:
  struct Newcomer {
    static constexpr std::size_t kMost = 3;
    std::array<ScanProbe, kMost> probes;
    std::uint32_t last = 0;
    std::uint8_t size = 0;
  };
  struct Keys;

  void answered(const FlowRecord& record, const Keys& keys, bool good);
  void failed(const FlowRecord& record, const Keys& keys, Contact contact);
  void add_to_suspect(ScanSuspect& suspect, const FlowRecord& record, const ScanProbe& probe);
  void add_to_target(const FlowRecord& record, const Keys& keys, ScanProbe probe);
  ScanSuspect& promote(std::uint64_t source, const FlowRecord& record, const Newcomer& newcomer);
  void forget_old(std::uint32_t now);
  void look_at(ScanSuspect& suspect, std::uint32_t now, const FindingSink& found);
  void look_at(ScanTarget& target, std::uint32_t now, const FindingSink& found);
  [[nodiscard]] bool mostly_answered(std::uint64_t source, const ScanSuspect& suspect,
                                     const ShapeFound& shape) const;
  bool may_tell(ScanSuspect& suspect, std::uint64_t what, std::uint32_t now) const;

  const ScanOptions options_;
  Answered answered_;
  IdleMap<std::uint64_t, Newcomer, SameHash> newcomers_;
  IdleMap<std::uint64_t, ScanSuspect, SameHash> suspects_;
  IdleMap<std::uint64_t, ScanTarget, SameHash> targets_;
  std::size_t told_ = 0;          ///< in this look
  std::uint64_t not_told_ = 0;    ///< there were too many in one look
  std::uint64_t source_key_ = 0;  ///< whom look_at() looks at
};

}  // namespace netprobe
