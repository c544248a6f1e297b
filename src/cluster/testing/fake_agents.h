// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/agent_peer.h"
#include "cluster/scheduler.h"
#include "query/evaluate.h"

namespace netprobe::testing {

/// For tests: work is done when the test says so, and time goes on with it.
class ManualScheduler final : public Scheduler {
 public:
  explicit ManualScheduler(ManualClock& clock) : clock_(clock) {}
  void post(Work work) override { ready_.push_back(std::move(work)); }
  void after(Nanos delay, Work work) override {
    later_.emplace(clock_.monotonic() + delay, std::move(work));
  }
  /// All that is there to do now.
  void run() {
    while (!ready_.empty()) {
      auto work = std::move(ready_.front());
      ready_.pop_front();
      work();
    }
  }
  void advance(Nanos by) {
    run();
    const Nanos end = clock_.monotonic() + by;
    while (!later_.empty() && later_.begin()->first <= end) {
      clock_.set(std::max(clock_.monotonic(), later_.begin()->first));
      auto work = std::move(later_.begin()->second);
      later_.erase(later_.begin());
      work();
      run();
    }
    clock_.set(end);
    run();
  }

 private:
  ManualClock& clock_;
  std::deque<Work> ready_;
  std::multimap<Nanos, Work> later_;
};

/// An agent with records in memory. How it behaves is up to the test.
class FakeAgent final : public AgentPeer {
 public:
  enum class Manner { kAnswers, kNever, kFails, kGarbage, kTooBroad };

  FakeAgent(std::string node, std::string address) {
    auto state = std::make_shared<AgentState>();
    state->node = std::move(node);
    state->address = std::move(address);
    state->run_id = "1";
    state->link = AgentState::Link::kReady;
    state_ = std::move(state);
  }

  [[nodiscard]] AgentStatePtr state() const override {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  void query(QueryRequest request, Nanos, QueryDone done) override {
    Manner manner{};
    std::shared_ptr<HistoryBatch> batch;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      manner = manner_;
      if (fail_after_ > 0 && --fail_after_ == 0) manner_ = then_;
      batch = batch_;
      if (manner == Manner::kNever) held_.push_back(done);
    }
    switch (manner) {
      case Manner::kNever:
        return;
      case Manner::kFails:
        return done(
            std::unexpected(QueryFailure{QueryFailure::Kind::kNoStore, "the connection broke"}));
      case Manner::kTooBroad:
        return done(
            std::unexpected(QueryFailure{QueryFailure::Kind::kTooBroad, "it read too many rows"}));
      case Manner::kGarbage: {
        QueryAnswer answer;
        answer.columns = {{"x", FieldType::kText, false}};
        answer.rows = {{Value("y")}, {}};
        return done(std::move(answer));
      }
      case Manner::kAnswers:
        break;
    }
    // As over the wire: what an agent reads is text.
    auto read = parse_query(canonical(request.query), 0);
    if (!read)
      return done(std::unexpected(
          QueryFailure{QueryFailure::Kind::kBadQuery, "it cannot read the question"}));
    request.query = std::move(*read);
    std::vector<RecordRef> records;
    if (batch)
      for (const auto& record : batch->flows)
        records.push_back({RecordKind::kFlow, &record, batch->node});
    if (batch)
      for (const auto& record : batch->drops)
        records.push_back({RecordKind::kDrop, &record, batch->node});
    auto answer = evaluate(request, records);
    if (answer) answer->tier = Tier::kRaw;
    done(std::move(answer));
  }
  void page(std::string path, std::string query, Nanos, PageDone done) override {
    std::function<PageAnswer(const std::string&, const std::string&)> pages;
    Manner manner{};
    {
      const std::lock_guard lock(mutex_);
      asked_pages_.push_back(path + "?" + query);
      pages = pages_;
      manner = manner_;
      if (manner == Manner::kNever) held_pages_.push_back(done);
    }
    if (manner == Manner::kNever) return;
    if (manner == Manner::kFails)
      return done(
          std::unexpected(QueryFailure{QueryFailure::Kind::kNoStore, "the connection broke"}));
    if (manner == Manner::kGarbage)
      return done(PageAnswer{200, "application/json", "{\"x\": [1, "});
    done(pages ? pages(path, query) : PageAnswer{404, "application/problem+json", "{}"});
  }
  void sums(Nanos, SumsDone done) override {
    WorkloadSums sums;
    {
      const std::lock_guard lock(mutex_);
      if (manner_ != Manner::kAnswers)
        sums.run_id.clear();
      else
        sums = sums_;
    }
    if (sums.run_id.empty())
      return done(
          std::unexpected(QueryFailure{QueryFailure::Kind::kNoStore, "the connection broke"}));
    done(std::move(sums));
  }
  void live(LiveRequest request, LiveHandler handler) override {
    const std::lock_guard lock(mutex_);
    streams_.emplace_back(std::move(request), std::move(handler));
  }

  // What the test says.
  void behave(Manner manner) {
    const std::lock_guard lock(mutex_);
    manner_ = manner;
  }
  /// So many questions as it is, then so.
  void behave_after(std::size_t questions, Manner then) {
    const std::lock_guard lock(mutex_);
    fail_after_ = questions;
    then_ = then;
  }
  void change(const std::function<void(AgentState&)>& how) {
    const std::lock_guard lock(mutex_);
    auto state = std::make_shared<AgentState>(*state_);
    how(*state);
    state_ = std::move(state);
  }
  void have(std::shared_ptr<HistoryBatch> batch) {
    const std::lock_guard lock(mutex_);
    batch_ = std::move(batch);
  }
  void serve(std::function<PageAnswer(const std::string&, const std::string&)> pages) {
    const std::lock_guard lock(mutex_);
    pages_ = std::move(pages);
  }
  void sum_up(WorkloadSums sums) {
    const std::lock_guard lock(mutex_);
    sums_ = std::move(sums);
  }
  /// Hands a batch to every stream that is not cancelled; how many there are.
  std::size_t tell(const LiveBatch& batch) {
    std::vector<LiveHandler> handlers;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [request, handler] : streams_)
        if (!*request.cancelled) handlers.push_back(handler);
    }
    for (const auto& handler : handlers) handler(batch);
    return handlers.size();
  }
  [[nodiscard]] std::vector<QueryRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::vector<std::string> asked_pages() const {
    const std::lock_guard lock(mutex_);
    return asked_pages_;
  }
  [[nodiscard]] std::vector<LiveRequest> streams() const {
    const std::lock_guard lock(mutex_);
    std::vector<LiveRequest> requests;
    for (const auto& [request, handler] : streams_) requests.push_back(request);
    return requests;
  }
  /// Questions that it did not answer.
  [[nodiscard]] std::vector<QueryDone> take_held() {
    const std::lock_guard lock(mutex_);
    return std::exchange(held_, {});
  }

 private:
  mutable std::mutex mutex_;
  AgentStatePtr state_;
  Manner manner_ = Manner::kAnswers;
  Manner then_ = Manner::kAnswers;
  std::size_t fail_after_ = 0;
  std::shared_ptr<HistoryBatch> batch_;
  WorkloadSums sums_;
  std::function<PageAnswer(const std::string&, const std::string&)> pages_;
  std::vector<QueryRequest> requests_;
  std::vector<std::string> asked_pages_;
  std::vector<QueryDone> held_;
  std::vector<PageDone> held_pages_;
  std::vector<std::pair<LiveRequest, LiveHandler>> streams_;
};

class FakeDirectory final : public AgentDirectory {
 public:
  std::shared_ptr<FakeAgent> add(const std::string& node) {
    auto agent =
        std::make_shared<FakeAgent>(node, "10.0.0." + std::to_string(agents_.size() + 1) + ":8082");
    const std::lock_guard lock(mutex_);
    agents_.push_back(agent);
    return agent;
  }
  void remove(const std::shared_ptr<FakeAgent>& agent) {
    const std::lock_guard lock(mutex_);
    std::erase(agents_, agent);
  }
  void know(std::vector<std::string> nodes) {
    const std::lock_guard lock(mutex_);
    nodes_ = std::move(nodes);
  }
  /// What the cluster tells of an agent's address.
  void place(const std::string& address, std::string node) {
    const std::lock_guard lock(mutex_);
    places_[address] = std::move(node);
  }
  [[nodiscard]] std::string node_at(const std::string& address) const override {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(address);
    return found == places_.end() ? std::string() : found->second;
  }
  [[nodiscard]] std::vector<AgentPeerPtr> agents() const override {
    const std::lock_guard lock(mutex_);
    return {agents_.begin(), agents_.end()};
  }
  [[nodiscard]] std::vector<std::string> nodes() const override {
    const std::lock_guard lock(mutex_);
    return nodes_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<FakeAgent>> agents_;
  std::vector<std::string> nodes_;
  std::map<std::string, std::string> places_;
};

}  // namespace netprobe::testing
