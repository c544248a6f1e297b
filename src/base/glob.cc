// SPDX-License-Identifier: Apache-2.0
#include "base/glob.h"

#include <fnmatch.h>

#include <algorithm>

namespace netprobe {

bool glob_match(std::string_view pattern, std::string_view text) {
  return fnmatch(std::string(pattern).c_str(), std::string(text).c_str(), 0) == 0;
}

bool NameFilter::matches(std::string_view name) const {
  bool any_inclusion = false;
  bool included = false;
  for (const std::string& pattern : patterns_) {
    if (pattern.starts_with('!')) {
      if (glob_match(std::string_view(pattern).substr(1), name)) return false;
    } else {
      any_inclusion = true;
      included = included || glob_match(pattern, name);
    }
  }
  return included || !any_inclusion;
}

bool NameFilter::names_exactly(std::string_view name) const {
  return std::ranges::find(patterns_, name) != patterns_.end();
}

}  // namespace netprobe
