// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/ip_address.h"
#include "model/flow.h"

namespace netprobe {

/// What loss localisation needs to know of an interface. Times are monotonic.
struct LossInterface {
  std::string name;
  Role role = Role::kHost;
  std::uint32_t master = 0;  ///< ifindex of its bridge, bond or VRF; 0 without
  bool bridge = false;       ///< a Linux bridge: what leaves it leaves by a port
  Nanos watched_since = 0;   ///< both hooks attached; 0: not now
  /// When the newest packet was in no flow for want of room, by Direction.
  std::array<Nanos, 2> disturbed{};
};

/// The node around the flows, as of the pass that is under way.
class LossSurroundings {
 public:
  virtual ~LossSurroundings() = default;
  /// Null for one that is gone.
  [[nodiscard]] virtual const LossInterface* interface(std::uint32_t ifindex) const = 0;
  [[nodiscard]] virtual bool is_local(const IpAddress& address) const = 0;
  /// Inode of this network namespace; 0 not known.
  [[nodiscard]] virtual std::uint64_t netns() const = 0;
  /// Interfaces that are up and not watched.
  [[nodiscard]] virtual std::uint64_t unwatched() const = 0;
};

}  // namespace netprobe
