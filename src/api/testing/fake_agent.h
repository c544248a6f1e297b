// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "model/readers.h"

namespace netprobe::testing {

/// For tests: an agent's data without an agent. Answers from a thread of its
/// own, as the real one does.
class FakeAgent final : public SnapshotSource, public FlowFeed {
 public:
  FakeAgent() : thread_([this] { run(); }) {}
  ~FakeAgent() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  FakeAgent(const FakeAgent&) = delete;
  FakeAgent& operator=(const FakeAgent&) = delete;

  /// Null: there are no snapshots.
  void set(SnapshotPtr snapshot) {
    const std::lock_guard lock(mutex_);
    snapshot_ = std::move(snapshot);
  }
  void request(Nanos, bool with_flows, std::function<void(SnapshotPtr)> done) override {
    post([this, with_flows, done = std::move(done)] {
      SnapshotPtr snapshot;
      {
        const std::lock_guard lock(mutex_);
        snapshot = snapshot_;
      }
      if (snapshot && !with_flows && !snapshot->flows.empty()) {
        auto without = std::make_shared<Snapshot>(*snapshot);
        without->flows.clear();
        snapshot = std::move(without);
      }
      done(std::move(snapshot));
    });
  }
  std::uint64_t subscribe(FlowBatchHandler handler) override {
    const std::lock_guard lock(mutex_);
    handlers_.emplace(++last_id_, std::move(handler));
    wake_.notify_all();
    return last_id_;
  }
  void unsubscribe(std::uint64_t id) override {
    const std::lock_guard lock(mutex_);
    handlers_.erase(id);
    wake_.notify_all();
  }
  /// Sends a batch from the agent's thread.
  void publish(FlowBatchPtr batch) {
    post([this, batch = std::move(batch)] {
      std::map<std::uint64_t, FlowBatchHandler> handlers;
      {
        const std::lock_guard lock(mutex_);
        handlers = handlers_;
      }
      for (const auto& [id, handler] : handlers) handler(batch);
    });
  }
  void wait_for_subscribers(std::size_t count) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return handlers_.size() == count; });
  }

 private:
  void post(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      work_.push_back(std::move(work));
    }
    wake_.notify_all();
  }
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return stop_ || !work_.empty(); });
      if (work_.empty()) return;
      auto work = std::exchange(work_, {});
      lock.unlock();
      for (auto& item : work) item();
      work.clear();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  SnapshotPtr snapshot_;
  std::map<std::uint64_t, FlowBatchHandler> handlers_;
  std::uint64_t last_id_ = 0;
  std::vector<std::function<void()>> work_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace netprobe::testing
