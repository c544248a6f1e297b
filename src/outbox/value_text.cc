// SPDX-License-Identifier: Apache-2.0
#include "outbox/value_text.h"

#include <array>
#include <string_view>

#include "model/flow.h"

namespace netprobe {

void append_protocol(std::string& out, std::uint64_t protocol) {
  // Nearly all; the others are made as texts of their own.
  if (protocol == kProtoTcp)
    out += "tcp";
  else if (protocol == kProtoUdp)
    out += "udp";
  else
    out += protocol_name(static_cast<std::uint8_t>(protocol));
}

void append_tcp_flags(std::string& out, std::uint64_t flags) {
  static constexpr std::array<std::string_view, 8> kNames{"fin", "syn", "rst", "psh",
                                                          "ack", "urg", "ece", "cwr"};
  bool first = true;
  for (std::size_t bit = 0; bit < kNames.size(); ++bit) {
    if ((flags >> bit & 1U) == 0) continue;
    if (!first) out += '+';
    first = false;
    out += kNames.at(bit);
  }
}

}  // namespace netprobe
