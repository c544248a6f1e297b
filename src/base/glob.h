// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace netprobe {

/// Shell-style match: '*' any run, '?' one character, '[a-z]' one of a set.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);

/// One name or glob; comparing a plain name costs no glob matching.
class NamePattern {
 public:
  NamePattern() = default;  ///< matches the empty name only
  explicit NamePattern(std::string_view text)
      : text_(text), plain_(text.find_first_of("*?[\\") == std::string_view::npos) {}
  [[nodiscard]] bool matches(std::string_view name) const {
    return plain_ ? name == text_ : glob_match(text_, name);
  }

 private:
  std::string text_;
  bool plain_ = true;
};

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
