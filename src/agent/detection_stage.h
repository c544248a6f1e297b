// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "agent/ended_connections.h"
#include "analysis/history/history_feed.h"
#include "base/bounded_queue.h"
#include "base/clock.h"
#include "flow/flow_table.h"
#include "model/name_batch.h"

namespace netprobe {

/// Makes the records that detectors look at, on the data thread: about once a second what
/// flows gained, in slices; further apart where a round takes more than half a second, so
/// that it never takes more than half of the thread's time. docs/adr/0009-detection.md
class DetectionStage {
 public:
  /// `take`: gets each batch, must not block. What is referred to outlives this.
  DetectionStage(HistoryFeedOptions options, HistoryNaming naming, const Clock& clock,
                 FlowTable& table, HistoryFeed::Write take);
  ~DetectionStage();
  DetectionStage(const DetectionStage&) = delete;
  DetectionStage& operator=(const DetectionStage&) = delete;

  /// A connection ended: signal thread.
  void on_connection(const Connection& connection) { ended_.push(connection); }
  /// Who gets names, with who their ends are; on the data thread. Before the first cycle.
  void give_names(std::function<void(NameBatchPtr)> take) { take_names_ = std::move(take); }
  /// What was said of names: signal thread. Lost and counted where too much waits.
  void on_names(NameBatchPtr batch);
  /// Every cycle. True: there is more to do.
  bool cycle();
  /// The last round, when the data thread has ended.
  void finish();
  [[nodiscard]] std::vector<LossCounter> losses() const;

 private:
  void take_connections(std::size_t most);
  void hand_over_names();
  void name(Flow& flow) const;
  void end(Nanos now);

  const Clock& clock_;
  FlowTable& table_;
  const HistoryNaming naming_;
  HistoryFeed feed_;
  EndedConnections ended_;
  // As many as the programs may tell of in a second on some CPUs.
  BoundedQueue<NameBatchPtr> names_{64};
  std::atomic<std::uint64_t> names_lost_{0};
  std::function<void(NameBatchPtr)> take_names_;
  bool taking_ = false;
  Nanos next_ = 0;   ///< monotonic: when the next round begins
  Nanos began_ = 0;  ///< this one
  Nanos spent_ = 0;  ///< in this round
};

}  // namespace netprobe
