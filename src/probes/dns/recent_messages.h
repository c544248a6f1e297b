// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace netprobe {

/// Which messages were seen a moment ago: one that passes several interfaces is one. Fixed
/// memory (64 KiB); where two meet in a place the older is forgotten, and may count twice.
class RecentMessages {
 public:
  explicit RecentMessages(Nanos window) : window_(window) {}

  /// Is it new at `now`? Says so once in a window.
  bool is_new(std::uint64_t hash, Nanos now) {
    Place& place = places_[hash % kPlaces];
    if (place.hash == hash && now - place.time < window_ && now >= place.time) return false;
    place = {hash, now};
    return true;
  }

 private:
  static constexpr std::size_t kPlaces = 4096;
  struct Place {
    std::uint64_t hash = 0;
    Nanos time = 0;
  };
  Nanos window_;
  std::array<Place, kPlaces> places_{};
};

}  // namespace netprobe
