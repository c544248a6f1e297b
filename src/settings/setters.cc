// SPDX-License-Identifier: Apache-2.0
#include "settings/setters.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/byte_size.h"
#include "base/duration.h"

namespace netprobe::setters {

std::unexpected<Error> bad(std::string_view value, std::string_view allowed) {
  return fail(fmt::format("'{}' is not {}", value, allowed), ErrorKind::kUsage);
}

Result<bool> read_switch(const std::string& value) {
  if (value.empty() || value == "true" || value == "1" || value == "yes" || value == "on")
    return true;
  if (value == "false" || value == "0" || value == "no" || value == "off") return false;
  return bad(value, "true or false");
}

Result<std::uint64_t> read_number(const std::string& value, std::uint64_t least,
                                  std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const last = value.data() + value.size();
  const auto [end, error] = std::from_chars(value.data(), last, number);
  if (error != std::errc{} || end != last || number < least || number > most)
    return bad(value, fmt::format("a number from {} to {}", least, most));
  return number;
}

Result<Nanos> read_duration(const std::string& value, Nanos least, Nanos most) {
  auto parsed = parse_duration(value);
  if (!parsed) return std::unexpected(parsed.error());
  if (*parsed < least || *parsed > most)
    return bad(value,
               fmt::format("between {} and {}", format_duration(least), format_duration(most)));
  return *parsed;
}

Result<std::uint64_t> read_size(const std::string& value, std::uint64_t least, std::uint64_t most) {
  auto parsed = parse_byte_size(value);
  if (!parsed) return std::unexpected(parsed.error());
  if (*parsed < least || *parsed > most)
    return bad(value,
               fmt::format("between {} and {}", format_byte_size(least), format_byte_size(most)));
  return *parsed;
}

Status check_http_url(const std::string& value, std::string_view example) {
  const bool known = value.starts_with("http://") || value.starts_with("https://");
  if (!value.empty() && (!known || value.find("://") + 3 == value.size()))
    return fail(fmt::format("it is not a URL such as {}", example), ErrorKind::kUsage);
  return {};
}

std::vector<std::string> split(const std::string& value) {
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

}  // namespace netprobe::setters
