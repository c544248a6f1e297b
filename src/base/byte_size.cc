// SPDX-License-Identifier: Apache-2.0
#include "base/byte_size.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace netprobe {
namespace {

std::unexpected<Error> bad_size(std::string_view text) {
  return fail("'" + std::string(text) + "' is not a size such as 2GiB, 500MB or 65536",
              ErrorKind::kUsage);
}

constexpr std::string_view kPrefixes = "KMGT";

}  // namespace

Result<std::uint64_t> parse_byte_size(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !(number >= 0)) return bad_size(text);
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (!unit.empty()) {
    const char first = unit.front() == 'k' ? 'K' : unit.front();
    if (const auto power = kPrefixes.find(first); power != kPrefixes.npos) {
      unit.remove_prefix(1);
      const bool binary = unit.starts_with('i');
      if (binary) unit.remove_prefix(1);
      for (std::size_t i = 0; i <= power; ++i) number *= binary ? 1024 : 1000;
    }
    if (unit.starts_with('B')) unit.remove_prefix(1);
  }
  if (!unit.empty() || number >= 9.2e18) return bad_size(text);
  return static_cast<std::uint64_t>(number);
}

std::string format_byte_size(std::uint64_t bytes) {
  std::uint64_t unit = 1024ULL * 1024 * 1024 * 1024;
  for (std::size_t i = kPrefixes.size(); i-- > 0; unit /= 1024)
    if (bytes >= unit && bytes % unit == 0)
      return fmt::format("{}{}iB", bytes / unit, kPrefixes[i]);
  return fmt::format("{}B", bytes);
}

}  // namespace netprobe
