// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/agent_peer.h"
#include "model/link_counts.h"
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
  AlertFeed* alerts = nullptr;  ///< for live queries of alerts; null: detection is off
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
  std::size_t max_sums = 8;
  std::size_t max_hellos = 64;
  /// A caller that takes nothing of an answer for so long is ended.
  Nanos patience = 60 * kSecond;
};

/// What callers did that cost others something, since the start, and what there is now.
struct AgentServiceCounts {
  std::uint64_t refused_queries = 0;  ///< there were max_queries already, and so on
  std::uint64_t refused_streams = 0;
  std::uint64_t refused_pages = 0;
  std::uint64_t refused_sums = 0;
  std::uint64_t refused_hellos = 0;
  std::uint64_t unreadable = 0;  ///< requests
  std::uint64_t stalled = 0;     ///< answers that nobody took
  std::size_t queries = 0;       ///< at work now
  std::size_t streams = 0;
  std::size_t live_bytes = 0;              ///< kept of live streams
  std::vector<LinkCounts::Calls> calls{};  ///< of each kind
};

}  // namespace netprobe
