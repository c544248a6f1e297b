// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "api/query.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "io/http_server.h"
#include "model/readers.h"
#include "query/flow_gains.h"
#include "query/live_window.h"

namespace netprobe {

/// Fans live flows out to the clients of /api/stream. The data thread only
/// hands over a batch; each changed flow is written as text once, on the
/// server's thread, however many clients want it. Subscribed while there is a
/// client. Those who want sums get what flows gained, which is worked out once for
/// all of them.
class FlowHub : public std::enable_shared_from_this<FlowHub> {
 public:
  /// Clients of sums at once: each costs some work for every flow that changes.
  static constexpr std::size_t kMostSums = 16;
  /// Flows whose gains are followed.
  static constexpr std::size_t kMostFlows = 262'144;

  FlowHub(FlowFeed& feed, HttpExecutor executor, HttpTimer timer, const Clock& clock);
  ~FlowHub();
  FlowHub(const FlowHub&) = delete;
  FlowHub& operator=(const FlowHub&) = delete;

  // The server's thread only. `node`: whose flows the feed has.
  [[nodiscard]] std::uint64_t new_client() { return next_client_++; }
  void add(std::uint64_t client, EventStreamPtr stream, StreamQuery query, std::string node);
  void remove(std::uint64_t client);
  /// Nobody wants sums so far: add() of the first who does needs the flows that there
  /// are, to tell what they gain.
  [[nodiscard]] bool follows_gains() const { return sums_ > 0; }
  [[nodiscard]] bool has_room_for_sums() const { return sums_ < kMostSums; }
  void begin_gains(const std::vector<Flow>& flows) { gains_.begin(flows); }

 private:
  struct Client {
    EventStreamPtr stream;
    StreamQuery query;
    std::string node;                    ///< whose flows they are
    std::shared_ptr<LiveWindow> window;  ///< null: the flows themselves
  };
  void take(FlowBatchPtr batch);
  void work();
  void send(const Flow& flow);
  void add_gain(const Flow& flow);
  /// Tells the steps that are over at `now`.
  void advance(Micros now);
  void tick();

  FlowFeed& feed_;
  const HttpExecutor executor_;
  const HttpTimer timer_;
  const Clock& clock_;
  FlowGains gains_{kMostFlows};
  std::size_t sums_ = 0;  ///< clients with a window
  bool ticking_ = false;
  std::uint64_t next_client_ = 1;
  std::map<std::uint64_t, Client> clients_;
  std::uint64_t subscription_ = 0;
  bool subscribed_ = false;
  FlowBatchPtr current_;
  std::size_t position_ = 0;  ///< in current_

  Mutex mutex_;
  std::deque<FlowBatchPtr> backlog_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t overflow_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< flows refused, not yet told
  bool scheduled_ NETPROBE_GUARDED_BY(mutex_) = false;
};

}  // namespace netprobe
