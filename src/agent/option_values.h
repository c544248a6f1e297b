// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/option_table.h"
#include "settings/setters.h"

// How those values are read that only the agent has. Part of option_table.cc, for
// nobody else.
namespace netprobe::option_values {

using setters::bad;
using setters::split;

inline setters::Setter<AgentOptions> ports(std::vector<std::uint16_t> AgentOptions::* member) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    std::vector<std::uint16_t> list;
    for (const std::string& part : split(value)) {
      unsigned port = 0;
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), port);
      if (error != std::errc{} || end != part.data() + part.size() || port < 1 || port > 65535)
        return bad(part, "a port from 1 to 65535");
      list.push_back(static_cast<std::uint16_t>(port));
    }
    if (list.size() > 4) return bad(value, "a list of at most 4 ports");
    options.*member = std::move(list);
    return {};
  };
}

/// "eth0=10G,wan*=500M": bits per second, in powers of ten.
inline Status set_link_speeds(AgentOptions& options, const std::string& text) {
  static constexpr std::string_view kAllowed =
      "a list such as eth0=10G,wan*=500M (bits per second; K, M, G, T)";
  std::vector<std::pair<std::string, std::uint64_t>> speeds;
  for (const std::string& part : split(text)) {
    const auto equals = part.find('=');
    if (equals == 0 || equals == std::string::npos) return bad(part, kAllowed);
    const char* begin = part.data() + equals + 1;
    const char* end = part.data() + part.size();
    double number = 0;
    const auto [rest, error] = std::from_chars(begin, end, number);
    static constexpr std::string_view kUnits = "KMGT";
    const auto unit = rest == end ? kUnits.npos : kUnits.find(*rest);
    if (error != std::errc{} || end - rest > 1 || (rest != end && unit == kUnits.npos))
      return bad(part, kAllowed);
    for (std::size_t i = 0; rest != end && i <= unit; ++i) number *= 1000;
    if (!(number >= 1000 && number <= 1e15)) return bad(part, kAllowed);
    speeds.emplace_back(part.substr(0, equals), static_cast<std::uint64_t>(number));
  }
  options.link_speeds = std::move(speeds);
  return {};
}

/// "office=192.0.2.0/24,vpn=fd00:5::/32"; a name may come more than once.
inline Status set_external_names(AgentOptions& options, const std::string& text) {
  std::vector<std::pair<std::string, IpPrefix>> names;
  for (const std::string& part : split(text)) {
    const auto equals = part.find('=');
    if (equals == 0 || equals == std::string::npos)
      return bad(part, "a list such as office=192.0.2.0/24,vpn=fd00:5::/32");
    auto prefix = IpPrefix::parse(part.substr(equals + 1));
    if (!prefix) return std::unexpected(prefix.error());
    names.emplace_back(part.substr(0, equals), *prefix);
  }
  options.external_names = std::move(names);
  return {};
}

/// "192.0.2.0/24,2001:db8::1": networks and addresses.
inline Status set_response_allow(AgentOptions& options, const std::string& text) {
  std::vector<IpPrefix> allowed;
  for (const std::string& part : split(text)) {
    auto prefix = IpPrefix::parse(part);
    if (!prefix) return std::unexpected(prefix.error());
    allowed.push_back(*prefix);
  }
  options.response_allow = std::move(allowed);
  return {};
}

}  // namespace netprobe::option_values
