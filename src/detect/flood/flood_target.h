// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/ip_address.h"
#include "detect/flood/flood_options.h"
#include "model/finding.h"
#include "sketch/decayed_quantile.h"
#include "sketch/entropy.h"
#include "sketch/ewma.h"
#include "sketch/hyper_log_log.h"
#include "sketch/keyed_hash.h"
#include "sketch/space_saving.h"

namespace netprobe {

/// What is flooded, and how.
struct FloodKey {
  IpAddress address;       ///< of a network: its first
  std::uint16_t port = 0;  ///< of a service; else 0
  FloodKind kind = FloodKind::kSyn;
  FloodScope scope = FloodScope::kAddress;
  bool operator==(const FloodKey&) const = default;
};
struct FloodKeyHash {
  std::size_t operator()(const FloodKey& key) const {
    return keyed_hash(key.address, std::uint64_t{key.port} |
                                       std::uint64_t{static_cast<std::uint8_t>(key.kind)} << 16U |
                                       std::uint64_t{static_cast<std::uint8_t>(key.scope)} << 24U);
  }
};

/// The network that carpets are told by: /24, or /64 of IPv6.
inline constexpr int kCarpetV4 = 24;
inline constexpr int kCarpetV6 = 64;
/// Sources are counted by /24, or /48.
inline constexpr int kSourceV4 = 24;
inline constexpr int kSourceV6 = 48;
/// `address` without what is behind the prefix.
[[nodiscard]] IpAddress network_of(const IpAddress& address, int v4, int v6);

/// One record's share of a flood.
struct FloodHit {
  FloodKind kind = FloodKind::kSyn;
  IpAddress target;
  std::uint16_t port = 0;
  IpAddress source;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  bool refused = false;  ///< a SYN that was answered with a reset: it holds nothing
  bool turned = false;   ///< the record's src is the target
};

/// Who floods: over the last 10 to 20 seconds.
class FloodSources {
 public:
  void add(const FloodHit& hit, bool by_target);
  /// Every ten seconds: what is older than twenty is forgotten.
  void turn();

  [[nodiscard]] double addresses() const;
  [[nodiscard]] double networks() const;
  [[nodiscard]] const EntropySketch& entropy() const { return entropy_; }
  [[nodiscard]] const SpaceSaving<IpAddress, 16>& by_address() const { return by_address_; }
  [[nodiscard]] const SpaceSaving<std::uint16_t, 8>& by_port() const { return by_port_; }
  /// Of a network that is flooded: its addresses.
  [[nodiscard]] const SpaceSaving<IpAddress, 8>& by_target() const { return by_target_; }
  [[nodiscard]] double targets() const;

 private:
  struct Counts {
    HyperLogLog<10> addresses;
    HyperLogLog<8> networks;
    HyperLogLog<8> targets;
  };
  Counts now_;
  Counts before_;
  EntropySketch entropy_;
  SpaceSaving<IpAddress, 16> by_address_;
  SpaceSaving<std::uint16_t, 8> by_port_;
  SpaceSaving<IpAddress, 8> by_target_;
};

/// A target that is near a flood of one kind: how much it gets, what is normal for it, and
/// whether that is a flood.
class FloodTarget {
 public:
  void add(const FloodKey& key, const FloodHit& hit, const FlowRecord& record);
  /// A connection was made; `late`: it had counted as half-open.
  void add_made(bool late) {
    ++made_now_;
    late_now_ += late ? 1 : 0;
  }
  /// A datagram was answered later than in its own record.
  void add_answered(std::uint64_t packets) { late_now_ += packets; }

  /// `seconds` went by, until `now`.
  void tick(const FloodKey& key, const FloodOptions& options, double seconds, Micros now);

  /// It is flooded, now.
  [[nodiscard]] bool flooded() const { return on_; }
  /// … and has more than ends it, in this second.
  [[nodiscard]] bool goes_on() const { return on_ && calm_ == 0; }
  [[nodiscard]] double rate() const { return rate_.value(); }
  [[nodiscard]] double byte_rate() const { return byte_rate_.value(); }
  [[nodiscard]] double made_rate() const { return made_.value(); }
  [[nodiscard]] double threshold() const { return threshold_; }
  /// 95th percentile of its seconds; negative while too little is known.
  [[nodiscard]] double normal(const FloodOptions& options) const;
  [[nodiscard]] const FloodSources& sources() const { return *sources_; }
  [[nodiscard]] Micros first_seen() const { return first_seen_; }
  [[nodiscard]] Micros last_seen() const { return last_seen_; }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] const IdentityPtr& identity() const { return identity_; }
  /// The source that sends most, and who it is.
  [[nodiscard]] const FindingEnd& leader() const { return leader_; }
  [[nodiscard]] const std::vector<EvidenceFlow>& evidence() const { return evidence_; }
  /// Beside the object.
  [[nodiscard]] std::size_t bytes() const {
    return (sources_ ? sizeof(FloodSources) : 0) + evidence_.capacity() * sizeof(EvidenceFlow);
  }

 private:
  void begin_or_end(const FloodOptions& options);
  void find_leader();

  std::unique_ptr<FloodSources> sources_;  ///< from the first record on
  Ewma rate_;
  Ewma byte_rate_;
  Ewma made_;
  DecayedQuantile normal_;
  double threshold_ = 0;
  // Of the second that is not over.
  std::uint64_t packets_now_ = 0;
  std::uint64_t refused_now_ = 0;
  std::uint64_t bytes_now_ = 0;
  std::uint64_t late_now_ = 0;
  std::uint64_t made_now_ = 0;
  // Of the flood.
  std::uint64_t total_ = 0;
  Micros first_seen_ = 0;
  Micros last_seen_ = 0;
  Micros newest_ = 0;
  Micros turned_ = 0;
  std::uint32_t calm_ = 0;  ///< seconds below what ends it
  std::uint8_t hot_ = 0;    ///< newest seconds that had half of the threshold, a bit each
  bool on_ = false;
  std::uint8_t evidence_now_ = 0;
  IdentityPtr identity_;
  FindingEnd leader_;
  std::vector<EvidenceFlow> evidence_;
};

}  // namespace netprobe
