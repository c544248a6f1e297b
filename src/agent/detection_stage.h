// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "agent/ended_connections.h"
#include "analysis/history/history_feed.h"
#include "base/clock.h"
#include "flow/flow_table.h"

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
  /// Every cycle. True: there is more to do.
  bool cycle();
  /// The last round, when the data thread has ended.
  void finish();
  [[nodiscard]] std::vector<LossCounter> losses() const;

 private:
  void take_connections(std::size_t most);
  void end(Nanos now);

  const Clock& clock_;
  FlowTable& table_;
  HistoryFeed feed_;
  EndedConnections ended_;
  bool taking_ = false;
  Nanos next_ = 0;   ///< monotonic: when the next round begins
  Nanos began_ = 0;  ///< this one
  Nanos spent_ = 0;  ///< in this round
};

}  // namespace netprobe
