// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/history.h"
#include "outbox/export_target.h"
#include "outbox/record_sender.h"

namespace netprobe {

/// How an exporter stands, for metrics, /api/probes and the log. Since the start.
struct OutboxStatus {
  std::string name;
  std::string where;              ///< URL without secrets
  bool connected = false;         ///< the last send went well
  std::string problem;            ///< why not; empty: none
  std::uint64_t seen = 0;         ///< records that came
  std::uint64_t passed_over = 0;  ///< that the filter or the kinds leave out
  std::uint64_t folded = 0;       ///< that went into sums; `sums` came of them
  std::uint64_t sums = 0;
  std::uint64_t sent = 0;     ///< taken by the receiver
  std::uint64_t waiting = 0;  ///< now
  std::uint64_t batches = 0;
  std::uint64_t bytes = 0;
  std::uint64_t retries = 0;  ///< sends that were tried again
  Nanos last_sent = 0;        ///< wall; 0 never
  double cpu_seconds = 0;     ///< of its thread
  /// Records that will never be there, by cause: queue_full, rejected, stopped.
  /// seen + sums = passed_over + folded + sent + waiting + lost, at any moment: a sum is
  /// sent, waits or is lost in its turn.
  std::vector<std::pair<std::string, std::uint64_t>> lost;
};

/// What is between the agent and a receiver that may be slow, away or picky: a
/// bounded queue, a filter, a fold, batches, tries again with backoff and jitter, and
/// an account of every record. One thread of its own.
class Outbox {
 public:
  virtual ~Outbox() = default;
  [[nodiscard]] static std::unique_ptr<Outbox> make(ExportTarget target,
                                                    std::unique_ptr<RecordSender> sender,
                                                    const Clock& clock);
  virtual void start() = 0;
  /// Any thread; never waits. What finds no room is counted as lost.
  virtual void put(const HistoryBatchPtr& batch) = 0;
  /// Sends what waits for as long as `patience`, counts the rest as lost, ends the
  /// thread. Idempotent.
  virtual void stop(Nanos patience) = 0;
  [[nodiscard]] virtual OutboxStatus status() const = 0;
};

}  // namespace netprobe
