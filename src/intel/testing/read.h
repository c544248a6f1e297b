// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "intel/feed_parser.h"
#include "intel/intel_index.h"
#include "intel/list_builder.h"

namespace netprobe::intel::testing {

inline constexpr Nanos kNow = 1'790'000'000 * kSecond;  // 2026-09-21T14:13:20Z

/// For tests: what reading a text came to.
struct Read {
  Status status;
  ListCounts counts;
  Nanos next_change = 0;
  std::shared_ptr<const IntelIndex> index;

  /// What the entry says that has the address or name; "-" where none has. Tests read it as
  /// "ENTRY REASON".
  [[nodiscard]] std::string of(std::string_view what) const {
    const auto address = IpAddress::parse(what);
    const auto matches = address ? index->find(*address) : index->find_name(what);
    if (address && index->has(*address) == matches.empty()) return "has() and find() differ";
    if (matches.empty()) return "-";
    return matches[0].entry + (matches[0].reason.empty() ? "" : " " + matches[0].reason);
  }
};

/// For tests: reads a text as a feed would, in pieces of that size; 0: in one.
inline Read read(std::string_view text, const FeedSyntax& syntax = {}, std::size_t piece = 0,
                 const GuardPtr& guard = std::make_shared<const Guard>(),
                 std::uint64_t most = 1'000'000) {
  ListBuilder builder(guard, most, kNow);
  Read result;
  {
    const auto parser = make_feed_parser(syntax, builder);
    if (piece == 0) piece = std::max<std::size_t>(text.size(), 1);
    for (std::size_t i = 0; i < text.size() && result.status; i += piece)
      result.status = parser->take(text.substr(i, piece));
    if (result.status) result.status = parser->finish();
  }
  result.counts = builder.counts();
  result.next_change = builder.next_change();
  result.index = std::make_shared<const IntelIndex>(
      std::vector<NamedList>{{"test", Severity::kHigh, 0.5, builder.finish()}}, guard);
  return result;
}

}  // namespace netprobe::intel::testing
