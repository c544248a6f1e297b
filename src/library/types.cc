// SPDX-License-Identifier: Apache-2.0
#include <netprobe/types.h>
#include <netprobe/version.h>

#include "library/convert.h"
#include "model/flow.h"

namespace netprobe::v0 {

const char* version() noexcept { return NETPROBE_VERSION; }

Result<Address> Address::parse(std::string_view text) {
  const auto parsed = netprobe::IpAddress::parse(text);
  if (!parsed)
    return std::unexpected(Error{parsed.error().message, ErrorKind::kUsage, parsed.error().code});
  return public_address(*parsed);
}

bool Address::is_v4() const noexcept { return own_address(*this).is_v4(); }
std::string Address::to_string() const { return own_address(*this).to_string(); }

std::string_view to_string(Direction direction) noexcept {
  return direction == Direction::kIngress ? "ingress" : "egress";
}

std::string protocol_name(std::uint8_t protocol) { return netprobe::protocol_name(protocol); }

std::string_view to_string(SocketEventType type) noexcept {
  switch (type) {
    case SocketEventType::kConnect:
      return "connect";
    case SocketEventType::kAccept:
      return "accept";
    case SocketEventType::kClose:
      break;
  }
  return "close";
}

const InterfaceStatistics* NetworkStatistics::interface(std::string_view name) const noexcept {
  for (const InterfaceStatistics& each : interfaces)
    if (each.name == name) return &each;
  return nullptr;
}

}  // namespace netprobe::v0
