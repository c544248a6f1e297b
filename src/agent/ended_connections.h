// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bounded_queue.h"
#include "model/connection.h"

namespace netprobe {

/// Connections that ended, on their way from the signal thread to the data thread.
class EndedConnections {
 public:
  /// Signal thread. Lost and counted where too many wait.
  void push(const Connection& connection) { ended_.push(connection); }
  [[nodiscard]] std::uint64_t lost() const { return ended_.lost(); }

  // The rest on the data thread.

  /// Calls `each` with at most so many, oldest first. True: there were any.
  template <typename Each>
  bool take(std::size_t most, Each&& each) {
    if (next_ == taken_.size()) {
      taken_ = ended_.take();
      next_ = 0;
    }
    const std::size_t until = next_ + std::min(most, taken_.size() - next_);
    for (; next_ < until; ++next_) each(taken_[next_]);
    return !taken_.empty();
  }
  /// Some were fetched and not handed on yet.
  [[nodiscard]] bool has_more() const { return next_ < taken_.size(); }

 private:
  // A burst until the data thread turns again.
  static constexpr std::size_t kMost = 32'768;

  BoundedQueue<Connection> ended_{kMost};
  std::vector<Connection> taken_;  ///< from `next_` on to be handed on
  std::size_t next_ = 0;
};

}  // namespace netprobe
