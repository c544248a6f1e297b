// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/metric_set.h"
#include "outbox/export_target.h"
#include "outbox/outbox.h"

namespace netprobe {

/// A part of a metric set in the form in which it is sent.
struct MetricBody {
  std::string bytes;
  std::uint64_t points = 0;  ///< values of series in it
};

/// What became of one body.
struct MetricOutcome {
  bool again = false;          ///< not taken: to be sent again
  std::uint64_t rejected = 0;  ///< points that the receiver will never take
  std::uint64_t bytes = 0;     ///< that went out
  Nanos wait = 0;              ///< the receiver asked for so long; 0: the push decides
  std::string problem;         ///< one sentence; empty: none
};

/// The end of a push of metrics that knows its receiver's protocol. Used by one thread,
/// its push's; every wait is bounded by the target's timeout, and ended by stop().
class MetricSender {
 public:
  virtual ~MetricSender() = default;
  /// `before`: the set that was encoded last, for series that are gone since; null: none.
  [[nodiscard]] virtual std::vector<MetricBody> encode(const MetricSet& set,
                                                       const MetricSet* before) = 0;
  [[nodiscard]] virtual MetricOutcome send(const MetricBody& body) = 0;
  /// Any thread: ends a send() that waits.
  virtual void stop() {}
};

/// Makes a set; called on the push's thread, so that it holds nobody up. Null: there is
/// nothing to tell.
using MetricSetMaker = std::function<MetricSetPtr()>;
/// Asks for a set; `done` may be called at once or later, on any thread, or never. Must
/// not wait.
using MetricSource = std::function<void(std::function<void(MetricSetMaker)> done)>;

/// Pushes metrics every interval: asks for a set, encodes it, sends it, tries again. While
/// the receiver is away sets wait up to the target's `queue` bytes, and the oldest make
/// room; the newest is kept in any case. One thread of its own. Its status is in points:
/// values of series.
class MetricPush {
 public:
  virtual ~MetricPush() = default;
  /// `every`: between sets. Of the target it uses name, where() and queue.
  [[nodiscard]] static std::unique_ptr<MetricPush> make(ExportTarget target, Nanos every,
                                                        std::unique_ptr<MetricSender> sender,
                                                        MetricSource source, const Clock& clock);
  virtual void start() = 0;
  /// Sends what waits for as long as `patience`, counts the rest as lost, ends the thread.
  /// Idempotent.
  virtual void stop(Nanos patience) = 0;
  [[nodiscard]] virtual OutboxStatus status() const = 0;
};

}  // namespace netprobe
