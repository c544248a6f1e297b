// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/unique_fd.h"

namespace netprobe {

/// Asks drivers for the speed of their links (ethtool's link settings, by
/// ioctl). Each question takes the kernel's rtnl lock: not for a hot path.
class LinkSpeeds {
 public:
  /// Bits per second; 0 where the device has none, does not know it (a line
  /// that is down, many virtual machines), or is gone. veths say 10 Gbit/s,
  /// whatever they can.
  [[nodiscard]] std::uint64_t read(const std::string& interface);

 private:
  UniqueFd socket_;  ///< opened when first needed
};

}  // namespace netprobe
