// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/history.h"
#include "model/workload.h"
#include "query/history_store.h"

namespace netprobe {

/// How an agent stands, as the server sees it. Immutable once handed out.
struct AgentState {
  enum class Link : std::uint8_t {
    kConnecting,  ///< not reached since it was found
    kReady,
    kUnreachable,  ///< was reached before, or was tried in vain
    kRefused,      ///< it answers, but not to us: certificate, version, another service
  };
  std::string address;         ///< "10.88.0.11:8082": what it was found by
  std::string node;            ///< by its own word; empty until it was reached
  std::string run_id;          ///< another one after each start of the agent
  std::string version;         ///< "0.1.0"
  std::uint32_t protocol = 0;  ///< link/proto/netprobe.proto: what both speak
  Link link = Link::kConnecting;
  std::string problem;         ///< one sentence; empty: none
  Nanos since = 0;             ///< wall: in this state
  Nanos last_contact = 0;      ///< wall: it said anything; 0 never
  Nanos clock_difference = 0;  ///< the agent's wall clock less the server's, half a round trip off
  std::uint64_t failures = 0;  ///< of calls, since the start
  /// What it sent that cannot be, or did not send, by cause since the start:
  /// "unreadable", "too_large", "impossible", "out_of_order", "other_node", "silent",
  /// "other_version".
  std::vector<std::pair<std::string, std::uint64_t>> faults;
  /// What it told that this version has no word for, and was passed over: "column
  /// 'colour' of flows". The first few; an agent of a later version has some.
  std::vector<std::string> left_out;
  /// What it lost since its start, by "stage/cause": told with each answer.
  std::vector<std::pair<std::string, std::uint64_t>> lost;
};
[[nodiscard]] std::string_view to_string(AgentState::Link link);
using AgentStatePtr = std::shared_ptr<const AgentState>;

/// A page of the agent's own API ("/api/interfaces", "since=5m"): what the server
/// does not need to understand, it passes on, whatever the agent's version.
struct PageAnswer {
  int status = 0;  ///< HTTP's
  std::string content_type;
  std::string body;
};
using PageDone = std::function<void(std::expected<PageAnswer, QueryFailure>)>;

/// Live records, or the windows of a live aggregate.
struct LiveBatch {
  std::string node;
  std::uint64_t sequence = 0;                 ///< from 1, without gaps in one run of the agent
  HistoryBatchPtr records;                    ///< null: none
  std::shared_ptr<const QueryAnswer> window;  ///< of an aggregate: `part` of it; null: none
  std::uint64_t lost = 0;  ///< records missing before this batch: the agent's queue was full,
                           ///< or a break was longer than what it keeps
  /// The agent's wall clock: nothing is missing that is older. Told once a second at
  /// least, alone where there is nothing else (with the last number again); 0: not told.
  Micros now = 0;
};
struct LiveRequest {
  Query query;  ///< a filter, or with stages that make sense live
  std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);
};
using LiveHandler = std::function<void(LiveBatch)>;

/// Sums by pairs of workloads since the agent's start (run_id), each flow counted
/// by one node: that of its src, or of its dst where src has none.
struct WorkloadSums {
  std::string node;
  std::string run_id;
  WorkloadReport report;
};
using SumsDone = std::function<void(std::expected<WorkloadSums, QueryFailure>)>;

/// One agent. Every method may be called from any thread and returns at once; what
/// is handed over is called once (LiveHandler: any number of times), on a thread of
/// the transport, which it must not hold up. A peer reconnects on its own, and takes
/// streams up again where they were.
class AgentPeer {
 public:
  virtual ~AgentPeer() = default;
  [[nodiscard]] virtual AgentStatePtr state() const = 0;
  /// `deadline`: from now; a failure of kind kNoStore after it.
  virtual void query(QueryRequest request, Nanos deadline, QueryDone done) = 0;
  virtual void page(std::string path, std::string query, Nanos deadline, PageDone done) = 0;
  virtual void sums(Nanos deadline, SumsDone done) = 0;
  /// Until request.cancelled, or the peer's end.
  virtual void live(LiveRequest request, LiveHandler handler) = 0;
};
using AgentPeerPtr = std::shared_ptr<AgentPeer>;

/// The agents there are now: discovery fills it, whoever asks the cluster reads it.
class AgentDirectory {
 public:
  virtual ~AgentDirectory() = default;
  [[nodiscard]] virtual std::vector<AgentPeerPtr> agents() const = 0;
  /// Nodes of the cluster, where that is known: those without an agent are missing in
  /// every answer. Sorted; empty: not known.
  [[nodiscard]] virtual std::vector<std::string> nodes() const = 0;
  /// The node that an agent's address leads to, as far as the cluster's objects tell:
  /// for agents that were never reached. Empty: not known.
  [[nodiscard]] virtual std::string node_at(const std::string& /*address*/) const { return {}; }
};

}  // namespace netprobe
