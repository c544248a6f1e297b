// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace netprobe {

/// Answers questions of what is live, one after the other on a thread of its own:
/// the server's has other clients to serve meanwhile. Any thread.
class AskWorker {
 public:
  /// As many may wait.
  static constexpr std::size_t kMostWaiting = 64;

  AskWorker();
  ~AskWorker();  ///< ends what runs; what waits is dropped
  AskWorker(const AskWorker&) = delete;
  AskWorker& operator=(const AskWorker&) = delete;

  /// False: too many wait.
  [[nodiscard]] bool post(std::function<void()> work) NETPROBE_EXCLUDES(mutex_);

 private:
  void run();
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> waiting_ NETPROBE_GUARDED_BY(mutex_);
  bool stop_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace netprobe
