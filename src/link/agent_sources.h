// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "cluster/agent_peer.h"
#include "model/readers.h"
#include "query/history_store.h"

namespace netprobe {

/// What an agent's gRPC service answers from. All of it outlives the service.
struct AgentSources {
  SnapshotSource& snapshots;
  FlowFeed& feed;
  const Clock& clock;
  HistoryStore* history = nullptr;  ///< null: there is none
  /// Answers a query from what is in memory, as source=live of the HTTP API does.
  std::function<void(QueryRequest, QueryDone)> live;
  /// Calls back when what was seen up to now is in the store, or does not come.
  /// Empty: nothing waits.
  std::function<void(std::function<void()>)> flush_history;
  /// A page of the HTTP API: path ("/api/interfaces"), query without '?', and who gets
  /// the answer, once, on any thread. Empty: there are none.
  std::function<void(std::string, std::string, std::function<void(PageAnswer)>)> page;
};

struct AgentServiceOptions {
  std::string node;
  std::string version;
  std::string run_id;  ///< another one after each start
  Nanos started = 0;   ///< wall
  std::uint32_t protocol_oldest = 1;
  std::uint32_t protocol_newest = 1;
  /// Calls of a kind at once; more are refused.
  std::size_t max_queries = 32;
  std::size_t max_streams = 64;
  std::size_t max_pages = 32;
};

}  // namespace netprobe
