// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "cluster/agent_peer.h"
#include "cluster/roster.h"
#include "cluster/scheduler.h"
#include "query/distribute.h"
#include "query/evaluate.h"

namespace netprobe {

/// One thing that a live stream of all nodes tells.
struct LiveItem {
  enum class Kind : std::uint8_t {
    kRecord,
    kWindow,  ///< of an aggregate, of all nodes
    kLost,    ///< `count` records that should stand here are missing
    kJoined,  ///< an agent that was not there tells from now on
    kLeft,    ///< an agent does not tell any more
  };
  Kind kind = Kind::kRecord;
  std::string node;       ///< empty: all of them, or this server
  HistoryBatchPtr batch;  ///< holds the record
  RecordRef record;       ///< its node is `node`'s
  bool late = false;      ///< what is newer was told before it
  std::shared_ptr<const QueryAnswer> window;
  std::uint64_t count = 0;
  std::string problem;  ///< one sentence: why
};

struct LiveMergeOptions {
  /// So long a record waits for others that are older.
  Nanos hold_back = 300 * kMillisecond;
  /// So long a window waits for agents that are behind.
  Nanos window_patience = 2 * kSecond;
  Nanos look_every = 100 * kMillisecond;
  /// Items for a client that does not take them; beyond it they are lost, and counted. What
  /// is held back is among them: 100,000 records a second are 40,000. Half of it is shared
  /// out: an agent that floods takes no room of others'.
  std::size_t most_waiting = 200'000;
};

/// The live streams of all agents as one, for one client: in the order of time as far
/// as it can be known, each flow once. Agents that come are asked as well; where one
/// goes, the others are asked to tell the other halves of its flows, without repeating
/// what was told. Any thread.
class LiveMerge : public std::enable_shared_from_this<LiveMerge> {
 public:
  /// All outlive it. `ready`: there is something to take; on a thread of the scheduler.
  static std::shared_ptr<LiveMerge> start(Query query, AgentDirectory& agents, Scheduler& scheduler,
                                          const Clock& clock, LiveMergeOptions options,
                                          std::function<void()> ready);
  ~LiveMerge();
  LiveMerge(const LiveMerge&) = delete;
  LiveMerge& operator=(const LiveMerge&) = delete;

  [[nodiscard]] std::vector<LiveItem> take(std::size_t most);
  /// Items that are held or wait to be taken: never more than most_waiting.
  [[nodiscard]] std::size_t kept() NETPROBE_EXCLUDES(mutex_);
  /// Ends the agents' streams; nothing comes after it.
  void stop();

 private:
  struct Stream;
  struct Agent;
  struct Window;
  /// A batch, and whose.
  struct Arrived {
    LiveBatch batch;
    std::shared_ptr<Stream> stream;
  };
  using ArrivedPtr = std::shared_ptr<const Arrived>;
  /// A record that waits. Small, as they are sorted.
  struct Held {
    Nanos arrived = 0;
    Micros time = 0;
    ArrivedPtr from;  ///< holds the record
    const RecordBase* record = nullptr;
  };
  struct Waiting {
    LiveItem item;
    ArrivedPtr from;  ///< of a record; else null
  };
  /// Of a record, within one kind: enough to know it again.
  using RecordId = std::tuple<std::string, Micros, std::uint64_t>;

  LiveMerge(Query query, AgentDirectory& agents, Scheduler& scheduler, const Clock& clock,
            LiveMergeOptions options, std::function<void()> ready);
  void tick();
  void sync(bool first);
  void open(const AgentPeerPtr& peer, const std::shared_ptr<Stream>& stream,
            const std::vector<std::string>& silent);
  void take_batch(const std::shared_ptr<Stream>& stream, LiveBatch batch);
  void hold_records(const ArrivedPtr& arrived) NETPROBE_REQUIRES(mutex_);
  void hold_record(const ArrivedPtr& arrived, RecordKind kind, const RecordBase& record,
                   std::uint64_t id, Nanos now) NETPROBE_REQUIRES(mutex_);
  void add_window(const LiveBatch& batch) NETPROBE_REQUIRES(mutex_);
  void release(Nanos now) NETPROBE_REQUIRES(mutex_);
  void release_windows(Nanos now) NETPROBE_REQUIRES(mutex_);
  void put(LiveItem item) NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] bool has_share(const Stream& stream) const NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] std::size_t waiting() const NETPROBE_REQUIRES(mutex_) {
    return held_.size() + out_.size();
  }

  const Query query_;
  AgentDirectory& directory_;
  Scheduler& scheduler_;
  const Clock& clock_;
  const LiveMergeOptions options_;
  const std::function<void()> ready_;

  Mutex mutex_;
  bool stopped_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::map<AgentPeer*, Agent> agents_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::string> silent_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<Held> held_ NETPROBE_GUARDED_BY(mutex_);
  std::deque<Waiting> out_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t lost_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< by this client's slowness
  /// Of agents that told more than their share, by name.
  std::map<std::string, std::uint64_t> floods_ NETPROBE_GUARDED_BY(mutex_);
  Micros told_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< time of the newest that was told
  std::map<Micros, Window> windows_ NETPROBE_GUARDED_BY(mutex_);
  Micros window_told_ NETPROBE_GUARDED_BY(mutex_) = 0;
  /// Records since streams began to be replaced.
  std::set<RecordId> seen_ NETPROBE_GUARDED_BY(mutex_);
  Nanos replacing_since_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< 0: they are not
};

}  // namespace netprobe
