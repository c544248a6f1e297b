// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string_view>

#include "intel/testing/read.h"

namespace netprobe::intel::testing {

/// For fuzz targets: what is hostile in a feed may be refused, never taken; where the text is
/// cut makes no difference; what is bounded stays so.
inline int hold_feed(std::string_view text, const FeedSyntax& syntax) {
  constexpr std::uint64_t kMost = 1000;
  static const auto guard = std::make_shared<const Guard>(
      std::vector<IpPrefix>{IpPrefix::parse("198.51.100.0/24").value()});
  const Read whole = read(text, syntax, 0, guard, kMost);
  const Read pieces = read(text, syntax, 7, guard, kMost);
  if (whole.status.has_value() != pieces.status.has_value()) std::abort();
  if (whole.status && (whole.counts.taken != pieces.counts.taken ||
                       whole.counts.refused.counts != pieces.counts.refused.counts))
    std::abort();
  if (whole.counts.taken > kMost) std::abort();
  for (const std::string_view own :
       {"198.51.100.1", "10.0.0.1", "127.0.0.1", "8.8.8.8", "169.254.169.254", "::1", "fe80::1"})
    if (whole.index->has(IpAddress::parse(own).value())) std::abort();
  if (!whole.index->find_name("localhost").empty()) std::abort();
  return 0;
}

}  // namespace netprobe::intel::testing
