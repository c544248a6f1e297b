// SPDX-License-Identifier: Apache-2.0
#include "cluster/scheduler.h"

#include <chrono>
#include <utility>

namespace netprobe {
namespace {

/// Of the system: these threads really sleep.
Nanos now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

ThreadScheduler::ThreadScheduler(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

ThreadScheduler::~ThreadScheduler() { stop(); }

void ThreadScheduler::post(Work work) {
  {
    const MutexLock lock(mutex_);
    if (stopped_) return;
    ready_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void ThreadScheduler::after(Nanos delay, Work work) {
  {
    const MutexLock lock(mutex_);
    if (stopped_) return;
    later_.emplace(now() + delay, std::move(work));
  }
  // All: whoever sleeps until a later time must look again.
  changed_.notify_all();
}

void ThreadScheduler::stop() {
  std::deque<Work> ready;
  std::multimap<Nanos, Work> later;
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    // Destroyed without the lock: it may hold the last of something that posts.
    ready.swap(ready_);
    later.swap(later_);
  }
  changed_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void ThreadScheduler::run() {
  mutex_.lock();
  while (!stopped_) {
    Work work;
    if (!later_.empty() && later_.begin()->first <= now()) {
      work = std::move(later_.begin()->second);
      later_.erase(later_.begin());
    } else if (!ready_.empty()) {
      work = std::move(ready_.front());
      ready_.pop_front();
    } else if (later_.empty()) {
      changed_.wait(mutex_);
      continue;
    } else {
      const Nanos wait = later_.begin()->first - now();
      changed_.wait_for(mutex_, std::chrono::nanoseconds(wait));
      continue;
    }
    mutex_.unlock();
    work();
    work = nullptr;
    mutex_.lock();
  }
  mutex_.unlock();
}

}  // namespace netprobe
