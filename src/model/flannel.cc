// SPDX-License-Identifier: Apache-2.0
#include "model/flannel.h"

#include <fmt/format.h>

namespace netprobe {

std::string format_mac(const MacAddress& mac) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3],
                     mac[4], mac[5]);
}

}  // namespace netprobe
