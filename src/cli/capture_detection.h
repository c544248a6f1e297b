// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "alerts/detection.h"
#include "analysis/history/history_feed.h"
#include "base/clock.h"
#include "base/result.h"
#include "flow/flow_table.h"

namespace netprobe {

/// What detectors find in a capture: those of the agent, told what flows gained each second
/// of the capture's time. Without those that are told of what a replay does not read.
/// docs/detectors.md. One thread.
class CaptureDetection {
 public:
  /// `words`: as of the agent's --detectors; one that finds nothing in any capture is an
  /// error as well. Errors are usage errors. Both others outlive this, and the table does not keep
  /// flows forever.
  [[nodiscard]] static Result<std::unique_ptr<CaptureDetection>> make(
      const std::vector<std::string>& words, FlowTable& table, const PointNames& names);
  ~CaptureDetection();
  CaptureDetection(const CaptureDetection&) = delete;
  CaptureDetection& operator=(const CaptureDetection&) = delete;

  /// Is there a second to close before a packet of this time?
  [[nodiscard]] bool is_due(Nanos time) const { return next_ != 0 && time >= next_; }
  /// Closes the seconds before it. All packets until then are in the table. Time that goes
  /// back is that of the packet before; where nothing came for long, seconds are longer.
  void reach(Nanos time);
  /// Of the first packet, and whatever is seen.
  void begin(Nanos time);
  /// The capture is over: what waits for an answer has had none.
  void end();

  /// Each that was opened, as it was told last, by the time that it was opened.
  [[nodiscard]] std::vector<AlertPtr> alerts() const;
  [[nodiscard]] AlertReport report() const { return detection_->report(); }

 private:
  CaptureDetection(FlowTable& table, const PointNames& names);
  void close_second(Nanos now);

  FlowTable& table_;
  ManualClock clock_;
  std::unique_ptr<HistoryFeed> feed_;
  std::unique_ptr<Detection> detection_;
  Nanos next_ = 0;                        ///< 0: nothing came yet
  std::map<std::string, AlertPtr> told_;  ///< by id
};

}  // namespace netprobe
