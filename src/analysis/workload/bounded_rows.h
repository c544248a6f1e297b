// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace netprobe {

/// Rows by key, at most so many. Whoever keeps a row's place finds it without a
/// look-up, and learns when it is gone. One thread.
template <typename Key, typename Row, typename Hash>
class BoundedRows {
 public:
  struct Place {
    std::uint32_t index = 0xffffffff;
    std::uint32_t generation = 0;
  };

  explicit BoundedRows(std::size_t most) : most_(most) {}

  /// Where the row of this key is; nowhere if there is none.
  [[nodiscard]] Place find(const Key& key) const {
    const auto found = index_.find(key);
    if (found == index_.end()) return {};
    return {found->second, slots_[found->second].generation};
  }
  /// The same, and begins the row if there is room.
  Place find_or_add(const Key& key) {
    if (const Place known = find(key); known.index != Place{}.index) return known;
    if (index_.size() >= most_) return {};
    auto index = static_cast<std::uint32_t>(slots_.size());
    if (free_.empty()) {
      slots_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    Slot& slot = slots_[index];
    slot.key = &index_.emplace(key, index).first->first;
    return {index, slot.generation};
  }
  /// Null where the place is nowhere, or its row is gone. `now`: it is in use.
  [[nodiscard]] Row* at(Place place, Nanos now) {
    if (place.index >= slots_.size()) return nullptr;
    Slot& slot = slots_[place.index];
    if (slot.key == nullptr || slot.generation != place.generation) return nullptr;
    slot.used = now;
    return &slot.row;
  }
  /// Calls with (key, row, when it was last in use).
  template <typename Call>
  void for_each(const Call& call) const {
    for (const Slot& slot : slots_)
      if (slot.key != nullptr) call(*slot.key, slot.row, slot.used);
  }
  template <typename Predicate>
  void erase_if(const Predicate& gone) {
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
      Slot& slot = slots_[i];
      if (slot.key == nullptr || !gone(*slot.key, slot.row, slot.used)) continue;
      index_.erase(index_.find(*slot.key));
      slot = Slot{.generation = slot.generation + 1};
      free_.push_back(i);
    }
  }
  [[nodiscard]] std::size_t size() const { return index_.size(); }

 private:
  struct Slot {
    Row row{};
    const Key* key = nullptr;  ///< in index_, whose nodes stay where they are; null: free
    Nanos used = 0;
    std::uint32_t generation = 0;
  };
  const std::size_t most_;
  std::unordered_map<Key, std::uint32_t, Hash> index_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace netprobe
