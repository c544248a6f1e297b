// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "model/history.h"

namespace netprobe {

/// Who had answers, with data, from where: what a source has reached before is no probe
/// when it fails today, and a source that mostly gets answers is no scanner. 256 KiB,
/// fixed. Newer pairs take the places of older ones; counts may be too large, by one for
/// some 10,000 pairs in ten minutes, and so hide a scan, but never make one.
class Answered {
 public:
  Answered();
  /// `pair`: hash of source, target and port; `groups`: what it counts for as well.
  void add(std::uint64_t pair, const std::array<std::uint64_t, 3>& groups);
  /// It had an answer before.
  [[nodiscard]] bool knows(std::uint64_t pair) const;
  /// Different pairs of this group in the last ten to twenty minutes.
  [[nodiscard]] std::uint64_t count(std::uint64_t group) const;
  void tick(Micros now);
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::vector<std::uint32_t> tags_;  ///< 24 bits of the hash, and 8 of the period
  std::array<std::vector<std::uint16_t>, 2> counts_;
  Micros turned_ = 0;
  std::uint8_t period_ = 1;
};

}  // namespace netprobe
