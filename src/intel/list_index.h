// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "intel/prefix_ranges.h"
#include "intel/sorted_keys.h"

namespace netprobe::intel {

/// What a list says beside an entry; many entries share one.
struct Note {
  std::string reason;
  double confidence = -1;  ///< 0 to 1; negative: that of the list
  bool operator==(const Note&) const = default;
};

/// What one look-up found in a list.
struct ListMatch {
  std::string entry;
  const Note* note = nullptr;  ///< of the list: lives as long
};

/// One list, as it is looked up. Immutable once ListBuilder made it.
class ListIndex {
 public:
  [[nodiscard]] bool has(const IpAddress& address) const;
  [[nodiscard]] std::optional<ListMatch> find(const IpAddress& address) const;
  /// `name` in small letters, without a dot at its end.
  [[nodiscard]] std::optional<ListMatch> find_name(std::string_view name) const;

  [[nodiscard]] std::size_t addresses() const { return v4_.size() + v6_.size(); }
  [[nodiscard]] std::size_t prefixes() const { return v4_prefixes_.size() + v6_prefixes_.size(); }
  /// Forms of names: ".bad.example" counts twice.
  [[nodiscard]] std::size_t names() const { return names_.size(); }
  [[nodiscard]] std::size_t size() const { return addresses() + prefixes() + names(); }
  [[nodiscard]] std::size_t bytes() const;
  /// All that it has of addresses: singles, then networks, of which those that overlap or
  /// touch come together.
  [[nodiscard]] std::vector<IpPrefix> networks() const;
  /// Calls `each(first, last)` for what it has of IPv4: overlaps are told twice.
  template <typename Each>
  void for_each_v4(Each each) const {
    for (std::size_t i = 0; i < v4_.size(); ++i) each(v4_.key(i), v4_.key(i));
    v4_prefixes_.for_each_range(each);
  }

 private:
  friend class ListBuilder;
  template <typename Key>
  [[nodiscard]] std::optional<ListMatch> find_key(const SortedKeys<Key>& singles,
                                                  const PrefixRanges<Key>& prefixes, Key key) const;

  SortedKeys<V4Key> v4_;
  SortedKeys<V6Key> v6_;
  PrefixRanges<V4Key> v4_prefixes_;
  PrefixRanges<V6Key> v6_prefixes_;
  SortedKeys<std::uint64_t> names_;  ///< NameHash
  std::vector<Note> notes_;          ///< by NoteId; the first is empty
  std::size_t note_bytes_ = 0;
};
using ListIndexPtr = std::shared_ptr<const ListIndex>;

}  // namespace netprobe::intel
