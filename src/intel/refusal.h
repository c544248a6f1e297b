// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace netprobe::intel {

/// Why something that stands in a feed is not taken.
enum class Refusal : std::uint8_t {
  kNoEntry,   ///< neither an address nor a prefix nor a host's name
  kTooLong,   ///< a line, a row or an object longer than the bound
  kTooWide,   ///< a prefix that covers more than any list should; a bare "com"
  kPrivate,   ///< not routed in the Internet
  kLoopback,  ///< and names such as "localhost"
  kLinkLocal,
  kMulticast,
  kReserved,   ///< 0.0.0.0/8, 240.0.0.0/4, ::/16
  kOwn,        ///< of the node or the cluster
  kWellKnown,  ///< a public resolver
  kExpired,    ///< valid_until has passed
  kNotYet,     ///< valid_from is to come
  kRevoked,
  kNotSimple,  ///< an indicator of something else: a file's hash, a sequence of events
  kTooMany,    ///< beyond the bound of entries
};
inline constexpr std::size_t kRefusals = 15;

/// As in metrics: "no_entry", "too_wide" …
[[nodiscard]] std::string_view to_string(Refusal refusal);
/// Tells of a bad list. One that has grown old, or that is of more than addresses, is not
/// bad.
[[nodiscard]] bool is_suspicious(Refusal refusal);

struct RefusalCounts {
  std::array<std::uint64_t, kRefusals> counts{};

  void add(Refusal refusal) { ++counts[static_cast<std::size_t>(refusal)]; }
  [[nodiscard]] std::uint64_t of(Refusal refusal) const {
    return counts[static_cast<std::size_t>(refusal)];
  }
  [[nodiscard]] std::uint64_t total() const;
  [[nodiscard]] std::uint64_t suspicious() const;
  /// "3 private, 1 too wide"; empty for none.
  [[nodiscard]] std::string to_text() const;
};

}  // namespace netprobe::intel
