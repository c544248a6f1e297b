// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/ip_address.h"
#include "detect/exhaustion/exhaustion_options.h"
#include "detect/exhaustion/slow_connection.h"
#include "model/finding.h"
#include "sketch/hyper_log_log.h"
#include "sketch/keyed_hash.h"
#include "sketch/space_saving.h"

namespace netprobe {

/// Slow connections of one kind at one service: of one source, or of all.
struct SlowGroupKey {
  IpAddress source;  ///< unspecified: all
  IpAddress server;
  std::uint16_t port = 0;
  SlowKind kind = SlowKind::kNone;
  bool operator==(const SlowGroupKey&) const = default;
  [[nodiscard]] bool is_service() const { return source.is_unspecified(); }
};
struct SlowGroupKeyHash {
  std::size_t operator()(const SlowGroupKey& key) const {
    const auto kind = static_cast<std::uint64_t>(key.kind);
    return mix_hash(keyed_hash(key.source, key.port | kind << 16U), keyed_hash(key.server));
  }
};

/// How many there are now, and whether that are too many.
class SlowGroup {
 public:
  static constexpr std::size_t kSamples = 8;

  /// A connection, in look number `look`.
  void add(std::uint64_t look, std::uint64_t flow_id, const SlowConnection& connection,
           bool of_service);
  /// After all were added. False: nothing was for long, it can go.
  bool end_look(std::uint64_t look, std::uint32_t threshold, std::uint32_t over_seconds,
                Micros now);

  [[nodiscard]] bool goes_on() const { return on_ && calm_ == 0; }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] Micros first_seen() const { return first_seen_; }
  /// Of a service: who has for sure most.
  [[nodiscard]] const SpaceSaving<IpAddress, 8>& sources() const { return sources_; }
  /// Of a service: how many sources, estimated.
  [[nodiscard]] double source_count() const { return source_count_.estimate(); }
  [[nodiscard]] const std::array<std::uint64_t, kSamples>& flow_ids() const { return flow_ids_; }
  [[nodiscard]] std::size_t samples() const { return samples_; }

 private:
  std::uint64_t look_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t calm_ = 0;
  std::uint32_t oldest_ = 0;  ///< opened, of those that are
  bool on_ = false;
  Micros first_seen_ = 0;
  std::size_t samples_ = 0;
  std::array<std::uint64_t, kSamples> flow_ids_{};
  SpaceSaving<IpAddress, 8> sources_;
  HyperLogLog<8> source_count_;
};

}  // namespace netprobe
