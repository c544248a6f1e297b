// SPDX-License-Identifier: Apache-2.0
#include "api/ask_worker.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace netprobe {

AskWorker::AskWorker() : thread_([this] { run(); }) {}

AskWorker::~AskWorker() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool AskWorker::post(std::function<void()> work) {
  {
    const MutexLock lock(mutex_);
    if (waiting_.size() >= kMostWaiting) return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_all();
  return true;
}

void AskWorker::run() {
  pthread_setname_np(pthread_self(), "np-ask");
  for (;;) {
    std::function<void()> work;
    {
      const MutexLock lock(mutex_);
      while (!stop_ && waiting_.empty()) changed_.wait(mutex_);
      if (stop_) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    // One that memory does not suffice for is the end of that question alone.
    try {
      work();
    } catch (const std::exception& error) {
      spdlog::error("a question of what is live could not be answered: {}", error.what());
    }
  }
}

}  // namespace netprobe
