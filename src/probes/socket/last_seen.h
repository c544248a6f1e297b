// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "abi/socket_abi.h"
#include "base/clock.h"

namespace netprobe {

/// What TCP connections had moved when they were looked at last: all that is known
/// of one whose end was missed. Round trips of those that go on are sampled once an
/// interval, where bytes moved since.
class LastSeen {
 public:
  /// `interval`: between two samples of round trips.
  explicit LastSeen(Nanos interval) : interval_(interval) {}

  /// Of every sweep, sorted by id. `now`: monotonic.
  void look(std::span<const np_swept> swept, Nanos now);

  /// Whether it was alive at the last look; its bytes and retransmits are then no
  /// less than they were there.
  [[nodiscard]] bool complete(np_connection& ended) const;

  /// Round trips by role, since the start.
  [[nodiscard]] const std::array<np_latency, NP_ROLES>& round_trips() const { return sampled_; }

 private:
  struct Seen {
    std::uint64_t id = 0;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t sampled = 0;  ///< bytes() at the last sample
    std::uint32_t retransmits = 0;
    bool was_sampled = false;
    [[nodiscard]] std::uint64_t bytes() const { return sent + received; }
  };

  void add(const np_connection& c);

  const Nanos interval_;
  Nanos next_ = 0;
  std::vector<Seen> seen_;  // by id
  std::array<np_latency, NP_ROLES> sampled_{};
};

}  // namespace netprobe
