// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "model/kube.h"

namespace netprobe {

/// Joins the thread that talks to the Kubernetes API with the data thread.
/// Bounded, and loses nothing: whoever finds it full keeps what he has and comes
/// again, because a lost change would be a wrong name. Thread-safe.
class KubeQueue {
 public:
  explicit KubeQueue(std::size_t most) : most_(most) {}

  /// Takes as many of the first changes as there is room for; what is left in
  /// `changes` found none. True: all of them.
  bool offer(std::vector<KubeChange>& changes) NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    const std::size_t room = most_ - std::min(most_, changes_.size());
    const auto end = changes.begin() + static_cast<std::ptrdiff_t>(std::min(room, changes.size()));
    changes_.insert(changes_.end(), std::make_move_iterator(changes.begin()),
                    std::make_move_iterator(end));
    changes.erase(changes.begin(), end);
    return changes.empty();
  }
  /// The oldest ones, at most `count`.
  [[nodiscard]] std::vector<KubeChange> take(std::size_t count) NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    const auto end =
        changes_.begin() + static_cast<std::ptrdiff_t>(std::min(count, changes_.size()));
    std::vector<KubeChange> result(std::make_move_iterator(changes_.begin()),
                                   std::make_move_iterator(end));
    changes_.erase(changes_.begin(), end);
    return result;
  }
  [[nodiscard]] bool empty() const NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return changes_.empty();
  }

 private:
  const std::size_t most_;
  mutable Mutex mutex_;
  std::deque<KubeChange> changes_ NETPROBE_GUARDED_BY(mutex_);
};

}  // namespace netprobe
