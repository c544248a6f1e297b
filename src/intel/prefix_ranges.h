// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "intel/address_key.h"
#include "intel/sorted_keys.h"

namespace netprobe::intel {

/// A prefix as it is gathered.
template <typename Key>
struct RawPrefix {
  Key first = 0;
  std::uint8_t length = 0;  ///< of its own family
  NoteId note = 0;
  auto operator<=>(const RawPrefix&) const = default;
};

/// Prefixes of one family, nested or not, as stretches that follow each other: each begins
/// where another prefix is the narrowest. A look-up is one search, however many lengths there
/// are. Two stretches a prefix at most.
template <typename Key>
class PrefixRanges {
 public:
  struct Match {
    Key first = 0;
    int length = 0;
    NoteId note = 0;
  };

  PrefixRanges() = default;
  explicit PrefixRanges(std::vector<RawPrefix<Key>>&& raw) {
    std::ranges::sort(raw);
    const auto same = std::ranges::unique(raw, [](const auto& a, const auto& b) {
      return a.first == b.first && a.length == b.length;
    });
    raw.erase(same.begin(), same.end());
    count_ = raw.size();
    cut(raw);
    std::vector<RawPrefix<Key>>().swap(raw);
  }

  /// The narrowest prefix that has it.
  [[nodiscard]] std::optional<Match> find(Key key) const {
    const std::size_t i = begins_.find_not_above(key);
    if (i == SortedKeys<Key>::kNone || lengths_[i] == kGap) return {};
    const int length = lengths_[i];
    const Key first = begins_.key(i);
    // A stretch may begin behind a narrower one.
    const auto host = static_cast<int>(sizeof(Key)) * 8 - length;
    return Match{static_cast<Key>(first & ~((Key{1} << host) - 1)), length, begins_.note(i)};
  }
  /// Calls `each(first, last)` for stretches that are in some prefix, lowest first.
  template <typename Each>
  void for_each_range(Each each) const {
    for (std::size_t i = 0; i < begins_.size(); ++i) {
      if (lengths_[i] == kGap) continue;
      const Key last = i + 1 < begins_.size() ? static_cast<Key>(begins_.key(i + 1) - 1)
                                              : static_cast<Key>(~Key{0});
      each(begins_.key(i), last);
    }
  }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return begins_.bytes() + lengths_.capacity(); }

 private:
  static constexpr std::uint8_t kGap = 0xff;  ///< nobody's; no prefix has length 0 either
  struct Open {
    Key last = 0;
    std::uint8_t length = 0;
    NoteId note = 0;
  };

  void cut(const std::vector<RawPrefix<Key>>& raw) {
    std::vector<std::pair<Key, NoteId>> begins;
    std::vector<Open> open;  // prefixes that have the place where it stands, widest first
    const auto begin = [&](Key at, std::uint8_t length, NoteId note) {
      if (!begins.empty() && begins.back().first == at) {
        begins.back().second = note;
        lengths_.back() = length;
        return;
      }
      begins.emplace_back(at, note);
      lengths_.push_back(length);
    };
    const auto close = [&] {
      const Key last = open.back().last;
      open.pop_back();
      // One that ends at the same place ends here, too.
      while (!open.empty() && open.back().last == last) open.pop_back();
      if (last == static_cast<Key>(~Key{0})) return;
      if (open.empty())
        begin(static_cast<Key>(last + 1), kGap, 0);
      else
        begin(static_cast<Key>(last + 1), open.back().length, open.back().note);
    };
    for (const auto& prefix : raw) {
      while (!open.empty() && open.back().last < prefix.first) close();
      begin(prefix.first, prefix.length, prefix.note);
      open.push_back({last_of(prefix.first, prefix.length), prefix.length, prefix.note});
    }
    while (!open.empty()) close();
    lengths_.shrink_to_fit();
    begins_.fill(begins.size(), [&](std::size_t i) { return begins[i]; });
  }

  SortedKeys<Key> begins_;
  std::vector<std::uint8_t> lengths_;  ///< beside begins_
  std::size_t count_ = 0;
};

}  // namespace netprobe::intel
