// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "abi/socket_abi.h"
#include "base/clock.h"

namespace netprobe {

/// Connections that ended a short while ago: a ring of kernel records, copied
/// in with no allocation and looked at when somebody asks.
class EndedList {
 public:
  /// Memory is reserved here, and taken as connections end.
  explicit EndedList(std::size_t most, Nanos keep) : most_(most), keep_(keep) {
    ring_.reserve(most_);
  }

  /// `now`: monotonic. The oldest leaves when there is no space.
  void add(const np_connection& ended, Nanos now) {
    if (ring_.size() < most_) {
      ring_.push_back({ended, now});
      return;
    }
    Entry& entry = ring_[oldest_];
    if (now - entry.at < keep_) ++not_kept_;
    entry = {ended, now};
    oldest_ = oldest_ + 1 == most_ ? 0 : oldest_ + 1;
  }

  /// Calls `each` for those that are still kept, oldest first.
  template <typename Each>
  void for_each(Nanos now, Each each) const {
    for (std::size_t i = 0; i < ring_.size(); ++i) {
      const Entry& entry = ring_[(oldest_ + i) % ring_.size()];
      if (now - entry.at < keep_) each(entry.connection);
    }
  }
  /// How many left before their time.
  [[nodiscard]] std::uint64_t not_kept() const { return not_kept_; }

 private:
  struct Entry {
    np_connection connection{};
    Nanos at = 0;
  };
  const std::size_t most_;
  const Nanos keep_;
  std::vector<Entry> ring_;
  std::size_t oldest_ = 0;
  std::uint64_t not_kept_ = 0;
};

}  // namespace netprobe
