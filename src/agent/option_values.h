// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/option_table.h"
#include "base/byte_size.h"
#include "base/duration.h"

// How values of options are read: each of these makes what Option::set calls, or is
// it. Part of option_table.cc, for nobody else.
namespace netprobe::option_values {

using Setter = decltype(Option::set);

inline std::unexpected<Error> bad(std::string_view value, std::string_view allowed) {
  return fail(fmt::format("'{}' is not {}", value, allowed), ErrorKind::kUsage);
}

template <typename Number>
Setter number(Number AgentOptions::* member, std::uint64_t least, std::uint64_t most) {
  return [=](AgentOptions& options, const std::string& text) -> Status {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
      return bad(text, fmt::format("a number from {} to {}", least, most));
    options.*member = static_cast<Number>(value);
    return {};
  };
}

inline Setter text(std::string AgentOptions::* member) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    options.*member = value;
    return {};
  };
}

inline Result<bool> parse_switch(const std::string& value) {
  if (value.empty() || value == "true" || value == "1" || value == "yes" || value == "on")
    return true;
  if (value == "false" || value == "0" || value == "no" || value == "off") return false;
  return bad(value, "true or false");
}

inline Setter toggle(bool AgentOptions::* member) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    auto on = parse_switch(value);
    if (!on) return std::unexpected(on.error());
    options.*member = *on;
    return {};
  };
}

inline Setter duration(Nanos AgentOptions::* member, Nanos least, Nanos most) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    auto parsed = parse_duration(value);
    if (!parsed) return std::unexpected(parsed.error());
    if (*parsed < least || *parsed > most)
      return bad(value,
                 fmt::format("between {} and {}", format_duration(least), format_duration(most)));
    options.*member = *parsed;
    return {};
  };
}

inline Setter size(std::uint64_t AgentOptions::* member, std::uint64_t least, std::uint64_t most) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    auto parsed = parse_byte_size(value);
    if (!parsed) return std::unexpected(parsed.error());
    if (*parsed < least || *parsed > most)
      return bad(value,
                 fmt::format("between {} and {}", format_byte_size(least), format_byte_size(most)));
    options.*member = *parsed;
    return {};
  };
}

/// Of a ClickHouse server. What is wrong is said without the value, which may
/// have a password in it.
inline Status set_clickhouse_url(AgentOptions& options, const std::string& value) {
  const bool known = value.starts_with("http://") || value.starts_with("https://");
  if (!value.empty() && (!known || value.find("://") + 3 == value.size()))
    return fail("it is not a URL such as https://clickhouse.example:8443", ErrorKind::kUsage);
  options.clickhouse_url = value;
  return {};
}

inline std::vector<std::string> split(const std::string& value) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (from <= value.size()) {
    const auto comma = std::min(value.find(',', from), value.size());
    auto part = value.substr(from, comma - from);
    const auto first = part.find_first_not_of(" \t");
    if (first != std::string::npos)
      parts.push_back(part.substr(first, part.find_last_not_of(" \t") - first + 1));
    from = comma + 1;
  }
  return parts;
}

inline Setter names(std::vector<std::string> AgentOptions::* member) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    options.*member = split(value);
    return {};
  };
}

inline Setter ports(std::vector<std::uint16_t> AgentOptions::* member) {
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

template <typename Enum>
Setter choice(Enum AgentOptions::* member, const std::map<std::string, Enum>& allowed) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    const auto found = allowed.find(value);
    if (found == allowed.end()) {
      std::string all;
      for (const auto& [name, unused] : allowed) all += (all.empty() ? "" : ", ") + name;
      return bad(value, "one of " + all);
    }
    options.*member = found->second;
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

}  // namespace netprobe::option_values
