// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

#include "base/clock.h"
#include "cluster/agent_peer.h"
#include "cluster/scheduler.h"
#include "query/history_store.h"

namespace netprobe {

struct ClusterStoreOptions {
  /// In which a question has its answer, complete or not.
  Nanos deadline = 5 * kSecond;
  /// Of it, what agents have for their answer; the rest is for asking again about the
  /// nodes of those that failed. Questions about flows alone need that.
  double agents_share = 0.6;
};

/// The history of all nodes: what it is asked, it asks the agents, and merges what
/// they answer as it comes. Each flow is counted once (query/distribute.h). When the
/// deadline comes it answers with what is there; QueryAnswer::sources says who is
/// missing, and a warning does. Writes nothing: records are their nodes'.
class ClusterStore final : public HistoryStore {
 public:
  /// All outlive stop(). `history`: a store that has the records of all nodes and
  /// answers in place of the agents; null: there is none.
  ClusterStore(AgentDirectory& agents, Scheduler& scheduler, const Clock& clock,
               ClusterStoreOptions options = {}, HistoryStore* history = nullptr);
  ~ClusterStore() override;

  /// Drops it: an agent's records reach the server by questions alone.
  void write(HistoryBatchPtr batch) override;
  /// At once: agents write what they saw before they answer.
  void flush(Micros patience, std::function<void()> done) override;
  void query(QueryRequest request, QueryDone done) override;
  [[nodiscard]] HistoryStatus status() const override;
  /// Ends all questions with kCancelled.
  void stop() override;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace netprobe
