// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "intel/address_key.h"

namespace netprobe::intel {

/// Which of the reasons that a list gives is an entry's; 0: none.
using NoteId = std::uint16_t;

/// A sorted array without duplicates and, where the list gives reasons, as many notes beside
/// it. A table of where keys with the same first bits begin stands in front, about one for
/// eight keys, so that a look-up that is spread evenly touches three cache lines; one that an
/// attacker chose takes a binary search of the whole.
template <typename Key>
class SortedKeys {
 public:
  static constexpr std::size_t kNone = SIZE_MAX;

  SortedKeys() = default;
  /// Of two that are the same the one with the smaller note stays.
  explicit SortedKeys(std::vector<std::pair<Key, NoteId>>&& entries) {
    std::ranges::sort(entries);
    const auto same = std::ranges::unique(entries, {}, &std::pair<Key, NoteId>::first);
    entries.erase(same.begin(), same.end());
    fill(entries.size(), [&](std::size_t i) { return entries[i]; });
    std::vector<std::pair<Key, NoteId>>().swap(entries);
  }
  /// The same of entries that are sorted and unlike each other: `at(i)`.
  template <typename At>
  void fill(std::size_t size, At at) {
    keys_.resize(size);
    bool noted = false;
    for (std::size_t i = 0; i < size; ++i) {
      keys_[i] = at(i).first;
      noted = noted || at(i).second != 0;
    }
    if (noted) {
      notes_.resize(size);
      for (std::size_t i = 0; i < size; ++i) notes_[i] = at(i).second;
    }
    make_table();
  }

  [[nodiscard]] std::size_t find(Key key) const {
    const auto [from, to] = bounds(key);
    const auto begin = keys_.begin();
    const auto found = std::lower_bound(begin + from, begin + to, key);
    if (found == begin + to || *found != key) return kNone;
    return static_cast<std::size_t>(found - begin);
  }
  /// The last that is not above `key`.
  [[nodiscard]] std::size_t find_not_above(Key key) const {
    const auto [from, to] = bounds(key);
    const auto begin = keys_.begin();
    const auto behind = std::upper_bound(begin + from, begin + to, key);
    return behind == begin ? kNone : static_cast<std::size_t>(behind - begin) - 1;
  }
  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  [[nodiscard]] Key key(std::size_t i) const { return keys_[i]; }
  [[nodiscard]] NoteId note(std::size_t i) const { return notes_.empty() ? NoteId{0} : notes_[i]; }
  [[nodiscard]] std::size_t bytes() const {
    return keys_.capacity() * sizeof(Key) + notes_.capacity() * sizeof(NoteId) +
           table_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr int kKeyBits = static_cast<int>(sizeof(Key)) * 8;
  static constexpr std::size_t kKeysOfAnEntry = 8;
  static constexpr std::size_t kLeast = 64;  ///< fewer keys need no table

  [[nodiscard]] std::pair<std::ptrdiff_t, std::ptrdiff_t> bounds(Key key) const {
    if (table_.empty()) return {0, static_cast<std::ptrdiff_t>(keys_.size())};
    const auto i = static_cast<std::size_t>(key >> shift_);
    return {table_[i], table_[i + 1]};
  }
  void make_table() {
    if (keys_.size() < kLeast) return;
    const int bits = static_cast<int>(std::bit_width(keys_.size() / kKeysOfAnEntry));
    shift_ = kKeyBits - bits;
    const std::size_t size = std::size_t{1} << static_cast<unsigned>(bits);
    table_.resize(size + 1);
    std::size_t next = 0;
    for (std::size_t i = 0; i <= size; ++i) {
      while (next < keys_.size() && static_cast<std::size_t>(keys_[next] >> shift_) < i) ++next;
      table_[i] = static_cast<std::uint32_t>(next);
    }
  }

  std::vector<Key> keys_;
  std::vector<NoteId> notes_;  ///< empty: all 0
  std::vector<std::uint32_t> table_;
  int shift_ = 0;
};

}  // namespace netprobe::intel
