// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "link/agent_sources.h"

namespace netprobe {

/// Gets pages of this agent's own HTTP server, one at a time, on a thread that begins
/// with the first. Bounded.
class PageFetcher {
 public:
  /// `base`: "http://127.0.0.1:8081".
  explicit PageFetcher(std::string base) : base_(std::move(base)) {}
  ~PageFetcher();
  PageFetcher(const PageFetcher&) = delete;
  PageFetcher& operator=(const PageFetcher&) = delete;

  /// Calls `done` once, on that thread or at once; never after the end of this.
  void fetch(std::string path, const std::string& query, std::function<void(PageAnswer)> done)
      NETPROBE_EXCLUDES(mutex_);

 private:
  struct Wanted {
    std::string url;
    std::function<void(PageAnswer)> done;
  };
  void run();

  const std::string base_;
  Mutex mutex_;
  std::condition_variable_any news_;
  std::deque<Wanted> wanted_ NETPROBE_GUARDED_BY(mutex_);
  bool stopping_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::thread thread_ NETPROBE_GUARDED_BY(mutex_);
};

}  // namespace netprobe
