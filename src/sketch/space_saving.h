// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace netprobe {

/// The largest of many, in room for `Places` (Metwally and others, 2005): who is not among
/// them takes the place of the smallest, with its count. So no count is too small, each is
/// too large by at most its `error`, no error is above total / Places, and whoever has
/// more than that is here. A step looks at all places: for few of them. One thread.
template <typename Key, std::size_t Places>
class SpaceSaving {
 public:
  struct Place {
    Key key{};
    std::uint64_t count = 0;  ///< at most
    std::uint64_t error = 0;  ///< at least count - error
  };

  void add(const Key& key, std::uint64_t weight = 1) {
    total_ += weight;
    std::size_t smallest = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      if (places_[i].key == key) {
        places_[i].count += weight;
        return;
      }
      if (places_[i].count < places_[smallest].count) smallest = i;
    }
    if (size_ < Places) {
      places_[size_++] = {key, weight, 0};
      return;
    }
    const std::uint64_t before = places_[smallest].count;
    places_[smallest] = {key, before + weight, before};
  }
  /// Forgets half of everything, so that what is old counts less and less. Bounds hold,
  /// of what is left.
  void halve() {
    total_ /= 2;
    for (Place& place : places_) {
      // Rounded so that no count becomes too small.
      place.error = (place.error + 1) / 2;
      place.count = (place.count + 1) / 2;
    }
  }
  void clear() { *this = SpaceSaving(); }

  /// Largest first.
  [[nodiscard]] std::vector<Place> largest() const {
    std::vector<Place> sorted(places_.begin(),
                              places_.begin() + static_cast<std::ptrdiff_t>(size_));
    std::sort(sorted.begin(), sorted.end(),
              [](const Place& a, const Place& b) { return a.count > b.count; });
    return sorted;
  }
  /// The one with the largest count for sure (count - error); null where there is none.
  [[nodiscard]] const Place* first() const {
    const Place* first = nullptr;
    for (std::size_t i = 0; i < size_; ++i)
      if (first == nullptr || places_[i].count - places_[i].error > first->count - first->error)
        first = &places_[i];
    return first;
  }
  /// What share of all it has for sure, 0 to 1.
  [[nodiscard]] double share(const Place& place) const {
    if (total_ == 0) return 0;
    return std::min(1.0,
                    static_cast<double>(place.count - place.error) / static_cast<double>(total_));
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::array<Place, Places> places_{};
  std::size_t size_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace netprobe
