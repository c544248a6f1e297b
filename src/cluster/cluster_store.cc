// SPDX-License-Identifier: Apache-2.0
#include "cluster/cluster_store.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cluster/question.h"
#include "cluster/roster.h"
#include "query/distribute.h"

namespace netprobe {

struct ClusterStore::Shared {
  AgentDirectory& agents;
  Scheduler& scheduler;
  const Clock& clock;
  ClusterStoreOptions options;
  HistoryStore* history;
  std::atomic<std::uint64_t> queries = 0;
  std::atomic<std::uint64_t> failed = 0;

  Mutex mutex;
  std::vector<std::weak_ptr<Question>> open NETPROBE_GUARDED_BY(mutex);
  bool stopped NETPROBE_GUARDED_BY(mutex) = false;
};

ClusterStore::ClusterStore(AgentDirectory& agents, Scheduler& scheduler, const Clock& clock,
                           ClusterStoreOptions options, HistoryStore* history)
    : shared_(new Shared{agents, scheduler, clock, options, history}) {}

ClusterStore::~ClusterStore() { ClusterStore::stop(); }

void ClusterStore::write(HistoryBatchPtr /*batch*/) {}

void ClusterStore::flush(Micros patience, std::function<void()> done) {
  if (shared_->history != nullptr) return shared_->history->flush(patience, std::move(done));
  done();
}

void ClusterStore::query(QueryRequest request, QueryDone done) {
  ++shared_->queries;
  auto counted = [shared = shared_, done = std::move(done)](auto answer) {
    if (!answer) ++shared->failed;
    done(std::move(answer));
  };
  if (shared_->history != nullptr && !request.live) {
    // Who is silent now may have told then: only nodes that never had an agent are.
    std::vector<std::string> never;
    for (const auto& each : roster_of(shared_->agents).missing)
      if (each.address.empty()) never.push_back(each.node);
    std::ranges::sort(never);
    request.query = counted_once(std::move(request.query), never);
    return shared_->history->query(std::move(request), std::move(counted));
  }
  const auto question =
      std::make_shared<Question>(std::move(request), std::move(counted), roster_of(shared_->agents),
                                 shared_->scheduler, shared_->clock, shared_->options);
  bool stopped = false;
  {
    const MutexLock lock(shared_->mutex);
    std::erase_if(shared_->open, [](const auto& each) { return each.expired(); });
    stopped = shared_->stopped;
    shared_->open.push_back(question);
  }
  if (stopped) return question->cancel();
  // Not here: an agent may answer at once, and whoever asks holds what it holds.
  shared_->scheduler.post([question] { question->begin(); });
}

HistoryStatus ClusterStore::status() const {
  if (shared_->history != nullptr) return shared_->history->status();
  const Roster roster = roster_of(shared_->agents);
  HistoryStatus status;
  status.engine = "agents";
  status.where =
      std::to_string(roster.ready.size()) + " of " + std::to_string(roster.expected()) + " nodes";
  status.writable = false;
  if (!roster.missing.empty()) {
    QuerySources sources{.asked = roster.expected(), .answered = roster.ready.size()};
    sources.missing = roster.missing;
    status.problem = missing_sentence(sources);
  }
  for (const auto& member : roster.ready) add_lost(status.lost, member.state->lost);
  status.queries = shared_->queries;
  status.queries_failed = shared_->failed;
  return status;
}

void ClusterStore::stop() {
  std::vector<std::weak_ptr<Question>> open;
  {
    const MutexLock lock(shared_->mutex);
    shared_->stopped = true;
    open.swap(shared_->open);
  }
  for (const auto& weak : open)
    if (const auto question = weak.lock()) question->cancel();
}

}  // namespace netprobe
