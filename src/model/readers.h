// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "model/snapshot.h"

namespace netprobe {

/// How readers (API, metrics) get at the agent's data. Every method may be
/// called from any thread and never blocks the path of data: snapshots are
/// built by the data thread when one is wanted.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  /// Asks for a snapshot no older than `max_age` and calls `done` with it,
  /// possibly on another thread, at the latest after a few data cycles. With
  /// `with_flows` false the flow list may be empty (cheap: for /metrics).
  virtual void request(Nanos max_age, bool with_flows, std::function<void(SnapshotPtr)> done) = 0;
};

/// Receives batches of changed flows; called on the data thread, must only
/// hand over.
using FlowBatchHandler = std::function<void(FlowBatchPtr)>;

/// Live changes. subscribe() and unsubscribe() from any thread; while nobody
/// is subscribed, nothing is collected.
class FlowFeed {
 public:
  virtual ~FlowFeed() = default;
  virtual std::uint64_t subscribe(FlowBatchHandler handler) = 0;
  virtual void unsubscribe(std::uint64_t id) = 0;
};

/// Receives the records of alerts as they are told; called on the detectors' thread, must
/// only hand over.
using AlertBatchHandler = std::function<void(HistoryBatchPtr)>;

/// What detectors find, as it is told. Any thread.
class AlertFeed {
 public:
  virtual ~AlertFeed() = default;
  virtual std::uint64_t subscribe(AlertBatchHandler handler) = 0;
  virtual void unsubscribe(std::uint64_t id) = 0;
};

/// "ready", or why not.
struct Readiness {
  bool ready = false;
  std::string reason;
};
using ReadinessCheck = std::function<Readiness()>;

}  // namespace netprobe
