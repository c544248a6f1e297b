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
  explicit EndedList(std::size_t most, Nanos keep) : ring_(most), keep_(keep) {}

  /// `now`: monotonic. The oldest leaves when there is no space.
  void add(const np_connection& ended, Nanos now) {
    Entry& entry = ring_[next_];
    if (used_ == ring_.size() && now - entry.at < keep_) ++not_kept_;
    if (used_ < ring_.size()) ++used_;
    entry.connection = ended;
    entry.at = now;
    next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
  }

  /// Calls `each` for those that are still kept, oldest first.
  template <typename Each>
  void for_each(Nanos now, Each each) const {
    for (std::size_t i = 0; i < used_; ++i) {
      const Entry& entry = ring_[(next_ + ring_.size() - used_ + i) % ring_.size()];
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
  std::vector<Entry> ring_;
  std::size_t next_ = 0;
  std::size_t used_ = 0;
  const Nanos keep_;
  std::uint64_t not_kept_ = 0;
};

}  // namespace netprobe
