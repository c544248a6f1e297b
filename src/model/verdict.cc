// SPDX-License-Identifier: Apache-2.0
#include "model/verdict.h"

#include <algorithm>

namespace netprobe {

const std::vector<std::string_view>& verdict_names() {
  static const std::vector<std::string_view> kNames = [] {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < static_cast<std::size_t>(Verdict::kCount); ++i)
      names.push_back(to_string(static_cast<Verdict>(i)));
    return names;
  }();
  return kNames;
}

std::optional<Verdict> parse_verdict(std::string_view name) {
  const auto found = std::ranges::find(verdict_names(), name);
  if (found == verdict_names().end()) return std::nullopt;
  return static_cast<Verdict>(found - verdict_names().begin());
}

}  // namespace netprobe
