// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace netprobe {

/// A line on standard error that says for how long an answer is awaited, from
/// the second second on, and goes when this does.
class Waiting {
 public:
  /// `terminal`: standard error is one; else nothing is written.
  explicit Waiting(bool terminal);
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace netprobe
