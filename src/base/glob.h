// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace netprobe {

/// Shell-style match: '*' any run, '?' one character, '[a-z]' one of a set.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);

/// Names and globs, with '!' in front to exclude. Empty matches everything;
/// only exclusions match everything else; an exclusion always wins.
class NameFilter {
 public:
  NameFilter() = default;
  explicit NameFilter(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}
  [[nodiscard]] bool matches(std::string_view name) const;
  /// True where a pattern without wildcards names exactly this.
  [[nodiscard]] bool names_exactly(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& patterns() const { return patterns_; }

 private:
  std::vector<std::string> patterns_;
};

}  // namespace netprobe
