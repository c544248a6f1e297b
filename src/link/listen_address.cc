// SPDX-License-Identifier: Apache-2.0
#include "link/listen_address.h"

#include <fmt/format.h>

#include <charconv>

#include "base/ip_address.h"

namespace netprobe {

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  ListenAddress address;
  const auto colon = text.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? text : text.substr(colon + 1);
  std::string_view host = colon == std::string_view::npos ? "" : text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  const bool known = host.empty() || IpAddress::parse(host).has_value();
  if (error != std::errc{} || end != port.data() + port.size() || !known)
    return fail(fmt::format("'{}' is not an address to listen on such as :8082, 10.0.0.1:8082 or "
                            "[::1]:8082",
                            text),
                ErrorKind::kUsage);
  address.host = host;
  return address;
}

std::string ListenAddress::to_string() const {
  const std::string& any = host.empty() ? std::string("::") : host;
  return any.contains(':') ? fmt::format("[{}]:{}", any, port) : fmt::format("{}:{}", any, port);
}

}  // namespace netprobe
