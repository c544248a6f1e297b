// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "model/history.h"
#include "query/evaluate.h"
#include "query/history_store.h"

namespace netprobe::testing {

/// For tests: history in memory, answered by the evaluator on a thread of its
/// own, as the real ones do. What was written is there after flush().
class FakeStore final : public HistoryStore {
 public:
  FakeStore() : thread_([this] { run(); }) {}
  ~FakeStore() override { FakeStore::stop(); }
  FakeStore(const FakeStore&) = delete;
  FakeStore& operator=(const FakeStore&) = delete;

  void write(HistoryBatchPtr batch) override {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(batch));
  }
  void flush(Micros, std::function<void()> done) override {
    post([this, done = std::move(done)] {
      {
        const std::lock_guard lock(mutex_);
        kept_.insert(kept_.end(), waiting_.begin(), waiting_.end());
        waiting_.clear();
      }
      done();
    });
  }
  void query(QueryRequest request, QueryDone done) override {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      changed_.notify_all();
      if (hold_) {
        held_.push_back({std::move(request), std::move(done)});
        return;
      }
    }
    post([this, request = std::move(request), done = std::move(done)] { answer(request, done); });
  }
  [[nodiscard]] HistoryStatus status() const override {
    HistoryStatus status;
    status.engine = "duckdb";
    status.lost = {{"disk_full", lost_}, {"retention", 99}};
    return status;
  }
  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  /// Keeps questions until they are cancelled.
  void hold() {
    const std::lock_guard lock(mutex_);
    hold_ = true;
  }
  /// Waits until a question that is held was cancelled; then answers it.
  void wait_for_cancel() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_.empty(); });
    auto held = std::move(held_.front());
    held_.clear();
    lock.unlock();
    while (!*held.request.cancelled) std::this_thread::yield();
    held.done(std::unexpected(QueryFailure{QueryFailure::Kind::kCancelled, "as the test wants"}));
  }
  /// What every question fails with from now on.
  void fail_with(QueryFailure failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
  }
  /// As a store that asks several nodes answers.
  void answer_for(QuerySources sources) {
    const std::lock_guard lock(mutex_);
    sources_ = std::move(sources);
  }
  /// What questions fail with behind the next `answers` ones.
  void fail_after(std::size_t answers, QueryFailure failure) {
    const std::lock_guard lock(mutex_);
    answers_left_ = answers;
    failure_later_ = std::move(failure);
  }
  void forget_requests() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
  }
  void lose(std::uint64_t count) { lost_ = count; }
  [[nodiscard]] std::vector<QueryRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  struct Held {
    QueryRequest request;
    QueryDone done;
  };

  void post(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      work_.push_back(std::move(work));
    }
    changed_.notify_all();
  }
  void answer(const QueryRequest& request, const QueryDone& done) {
    std::vector<HistoryBatchPtr> batches;
    std::optional<QueryFailure> failure;
    std::optional<QuerySources> sources;
    {
      const std::lock_guard lock(mutex_);
      sources = sources_;
      batches = kept_;
      failure = failure_;
      if (failure_later_ && answers_left_-- == 0) failure = failure_later_;
    }
    if (failure) return done(std::unexpected(*failure));
    std::vector<RecordRef> records;
    const auto add = [&](RecordKind kind, const auto& list, std::string_view node) {
      for (const auto& record : list) records.push_back({kind, &record, node});
    };
    for (const auto& batch : batches) {
      add(RecordKind::kFlow, batch->flows, batch->node);
      add(RecordKind::kDrop, batch->drops, batch->node);
      add(RecordKind::kConnection, batch->connections, batch->node);
      add(RecordKind::kAlert, batch->alerts, batch->node);
    }
    auto answer = evaluate(request, records);
    if (answer) answer->tier = Tier::kRaw;
    if (answer) answer->sources = std::move(sources);
    done(std::move(answer));
  }
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stop_ || !work_.empty(); });
      if (work_.empty()) return;
      auto work = std::exchange(work_, {});
      lock.unlock();
      for (auto& item : work) item();
      work.clear();
      lock.lock();
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<HistoryBatchPtr> waiting_;
  std::vector<HistoryBatchPtr> kept_;
  std::vector<QueryRequest> requests_;
  std::vector<Held> held_;
  std::vector<std::function<void()>> work_;
  std::optional<QueryFailure> failure_;
  std::optional<QuerySources> sources_;
  std::optional<QueryFailure> failure_later_;
  std::size_t answers_left_ = 0;
  std::atomic<std::uint64_t> lost_ = 0;
  bool hold_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace netprobe::testing
