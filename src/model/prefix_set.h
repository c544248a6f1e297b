// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "base/ip_address.h"

namespace netprobe {

/// Networks, asked in the logarithm of their number. Immutable.
class PrefixSet {
 public:
  PrefixSet() = default;
  explicit PrefixSet(std::vector<IpPrefix> prefixes) {
    std::ranges::sort(prefixes);
    for (const IpPrefix& prefix : prefixes)
      // A wider one of the same network stands before it.
      if (prefixes_.empty() || !prefixes_.back().contains(prefix.network()))
        prefixes_.push_back(prefix);
  }

  [[nodiscard]] bool contains(const IpAddress& address) const {
    const auto behind = std::ranges::upper_bound(prefixes_, address, {}, &IpPrefix::network);
    return behind != prefixes_.begin() && std::prev(behind)->contains(address);
  }
  /// Sorted; none is inside another.
  [[nodiscard]] const std::vector<IpPrefix>& prefixes() const { return prefixes_; }

 private:
  std::vector<IpPrefix> prefixes_;
};

}  // namespace netprobe
