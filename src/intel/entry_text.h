// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/ip_address.h"

namespace netprobe::intel {

/// A host's name that a list has: small letters, no dot at its end.
struct NameEntry {
  std::string name;
  bool itself = true;    ///< the name
  bool beneath = false;  ///< all names that end in it
  bool operator==(const NameEntry&) const = default;
};
using FeedEntry = std::variant<IpAddress, IpPrefix, NameEntry>;

/// What one word of a feed says: an address (also "1.2.3.4:443" and "[2001:db8::1]:443"), a
/// prefix (one of full length is an address), "bad.example" (itself), "*.bad.example" (what
/// is beneath), ".bad.example" (both). Nothing for all else, URLs among it.
[[nodiscard]] std::optional<FeedEntry> parse_entry(std::string_view text);
/// The name alone; nothing where it is none, with an address for a name too.
[[nodiscard]] std::optional<NameEntry> parse_name(std::string_view text);
/// An address or a prefix, without port.
[[nodiscard]] std::optional<FeedEntry> parse_network(std::string_view text);

/// Without white space at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
/// What a feed says of an entry, fit for a line of a log: valid UTF-8 without control
/// characters, cut at kMostReason bytes.
[[nodiscard]] std::string clean_reason(std::string_view text);
inline constexpr std::size_t kMostReason = 120;

}  // namespace netprobe::intel
