// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "agent/ended_connections.h"
#include "analysis/history/history_feed.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "flow/flow_table.h"
#include "model/signals.h"
#include "query/history_store.h"

namespace netprobe {

/// What the data thread does for history; all of it on that thread but `wake`.
struct HistoryHooks {
  HistoryNaming naming;
  std::function<void()> sweep;  ///< what the kernel has counted goes to the table
  /// Has signals fetched, and hands them over on any thread, never null.
  std::function<void(std::function<void(SignalsPtr)>)> request_signals;
  std::function<void(const SignalsPtr&)> use_signals;  ///< processes are found by these
  std::function<void()> wake;  ///< has the data thread turn soon; any thread
};

/// Makes history on the data thread: cuts the records of flows at each minute of
/// the wall clock and when a reader wants to see what just was, in slices, and
/// hands what it makes to the store. docs/history.md
class HistoryStage {
 public:
  /// What is referred to outlives this.
  HistoryStage(HistoryFeedOptions options, HistoryHooks hooks, HistoryStore& store,
               const Clock& clock, FlowTable& table);
  ~HistoryStage();
  HistoryStage(const HistoryStage&) = delete;
  HistoryStage& operator=(const HistoryStage&) = delete;

  /// A connection ended: signal thread.
  void on_connection(const Connection& connection) { ended_.push(connection); }
  /// Any thread: calls `done` when the store has all that there was up to now (or
  /// up to 5 s ago: no more often than that, unless `at_once`), or after 2 s.
  void flush(bool at_once, std::function<void()> done);
  /// Every cycle. True: there is more to do.
  bool cycle();
  /// The last one, when the data thread and the signal thread have ended: hands
  /// all that there is to the store.
  void finish();
  [[nodiscard]] std::vector<LossCounter> losses() const;

 private:
  enum class Step : std::uint8_t { kIdle, kAsked, kTaking };
  struct Flush {
    bool at_once = false;
    std::function<void()> done;
  };
  void take_mail();
  /// Some of the connections that ended.
  void take_connections(std::size_t most);
  [[nodiscard]] bool is_due();
  void answer_early(Nanos now);
  void ask(Nanos now);
  void begin(Nanos now);
  void end();

  const Clock& clock_;
  HistoryStore& store_;
  FlowTable& table_;
  const HistoryHooks hooks_;
  HistoryFeed feed_;
  EndedConnections ended_;

  Step step_ = Step::kIdle;
  std::int64_t minute_ = 0;  ///< wall: in which the last cut was
  bool at_minute_ = false;   ///< the cut that is being made is for a minute
  Nanos asked_at_ = 0;       ///< for signals
  Nanos cut_at_ = 0;         ///< monotonic: when the last cut began
  bool any_ended_ = false;   ///< connections since then, which flows may be of
  SignalsPtr fresh_;
  std::vector<Flush> waiting_;  ///< for the next cut, or the one that is being made

  mutable Mutex mutex_;
  SignalsPtr arrived_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<Flush> flushes_ NETPROBE_GUARDED_BY(mutex_);
  bool closed_ NETPROBE_GUARDED_BY(mutex_) = false;
};

}  // namespace netprobe
