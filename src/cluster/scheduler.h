// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace netprobe {

/// Where the server's work on answers is done: never on a thread of the transport.
/// Any thread may hand work over.
class Scheduler {
 public:
  using Work = std::function<void()>;
  virtual ~Scheduler() = default;
  /// As soon as a thread is free.
  virtual void post(Work work) = 0;
  /// Not before so long from now.
  virtual void after(Nanos delay, Work work) = 0;
};

/// Threads of its own. What is still waiting at its end is dropped.
class ThreadScheduler final : public Scheduler {
 public:
  explicit ThreadScheduler(std::size_t threads = 2);
  ~ThreadScheduler() override;
  ThreadScheduler(const ThreadScheduler&) = delete;
  ThreadScheduler& operator=(const ThreadScheduler&) = delete;

  void post(Work work) override;
  void after(Nanos delay, Work work) override;
  /// Ends the threads; what is posted later is dropped. Not from one of them.
  void stop();

 private:
  void run();

  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Work> ready_ NETPROBE_GUARDED_BY(mutex_);
  std::multimap<Nanos, Work> later_ NETPROBE_GUARDED_BY(mutex_);
  bool stopped_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace netprobe
