// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "intel/address_key.h"
#include "intel/entry_text.h"
#include "intel/refusal.h"

namespace netprobe::intel {

/// What no list may name: networks that are not of the Internet, those of this node and its
/// cluster, well-known public resolvers; and prefixes that are too wide. Immutable.
class Guard {
 public:
  /// Wider ones are refused. No network in use for attacks is that large.
  static constexpr int kWidestV4 = 8;
  static constexpr int kWidestV6 = 16;

  explicit Guard(const std::vector<IpPrefix>& own = {});

  /// Why it is not taken; nothing: it is. A prefix of which a part is guarded is taken, and
  /// `trimmed` set: guards() says of each address in it whether it counts.
  [[nodiscard]] std::optional<Refusal> refuses(const FeedEntry& entry, bool& trimmed) const;
  /// No list has it, whatever stands there.
  [[nodiscard]] bool guards(const IpAddress& address) const;

 private:
  /// Sorted and apart from each other.
  template <typename Key>
  struct Range {
    Key first = 0;
    Key last = 0;
    Refusal why{};
  };
  template <typename Key>
  using Ranges = std::vector<Range<Key>>;
  void add(const IpPrefix& prefix, Refusal why);
  template <typename Key>
  static void settle(Ranges<Key>& ranges);
  /// The first that does not end before `key`.
  template <typename Key>
  static const Range<Key>* at_or_behind(const Ranges<Key>& ranges, Key key);
  template <typename Key>
  static std::optional<Refusal> judge(const Ranges<Key>& ranges, Key first, Key last,
                                      bool& trimmed);

  Ranges<V4Key> v4_;
  Ranges<V6Key> v6_;
};
using GuardPtr = std::shared_ptr<const Guard>;

}  // namespace netprobe::intel
