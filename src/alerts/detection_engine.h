// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "alerts/detection.h"
#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/alert.h"
#include "model/history.h"
#include "model/name_batch.h"
#include "model/readers.h"

namespace netprobe {

struct DetectionOptions {
  std::string node;
  Micros started_at = 0;  ///< of the agent, wall: in the ids of batches
  /// Batches of at most 1,000 records; beyond, the newest is lost and counted.
  std::size_t most_waiting = 1'024;
  std::size_t most_names_waiting = 64;  ///< batches, likewise
  Nanos tick = kSecond;                 ///< how often detectors are asked
  AlertBookOptions book;
  /// Where what detectors learn is kept from one start to the next; empty: nowhere.
  std::string state_directory;
  Nanos save_every = 600 * kSecond;
};

/// Runs detectors on a thread of its own, and tells the alerts of what they find.
/// docs/detectors.md
class DetectionEngine final : public AlertFeed {
 public:
  /// `write`: takes the records of alerts for history and exporters, on this thread.
  DetectionEngine(DetectionOptions options, std::vector<DetectorSlot> detectors,
                  std::vector<RecordMatcher> mutes, const Clock& clock,
                  std::function<void(HistoryBatchPtr)> write);
  ~DetectionEngine() override;
  DetectionEngine(const DetectionEngine&) = delete;
  DetectionEngine& operator=(const DetectionEngine&) = delete;

  void start();
  /// Looks at what waits, tells the last alerts, and ends. Idempotent.
  void stop();
  /// Any thread; never blocks. Lost, and counted, where too much waits.
  void take(HistoryBatchPtr batch);
  /// The same of names.
  void take_names(NameBatchPtr batch);
  /// Networks of the cluster: detectors hear of them before the next record. Any thread.
  void set_inside(std::vector<IpPrefix> inside);
  /// Any thread. Never null.
  [[nodiscard]] AlertReportPtr report() const;
  /// When unsubscribe() returns, the handler is not called any more.
  std::uint64_t subscribe(AlertBatchHandler handler) override;
  void unsubscribe(std::uint64_t id) override;

 private:
  void run();
  void save();
  void look();
  void tick();
  void hand_on_inside();
  void tell(std::vector<AlertPtr> alerts, Micros now);
  void publish();

  const DetectionOptions options_;
  const Clock& clock_;
  const std::function<void(HistoryBatchPtr)> write_;
  BoundedQueue<HistoryBatchPtr> waiting_;
  BoundedQueue<NameBatchPtr> names_waiting_;
  std::atomic<std::uint64_t> records_lost_{0};
  std::atomic<std::uint64_t> names_lost_{0};
  Detection detection_;
  std::uint64_t batches_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;

  mutable Mutex mutex_;
  AlertReportPtr report_ NETPROBE_GUARDED_BY(mutex_);
  /// Not handed on yet; none: nothing is new.
  std::optional<std::vector<IpPrefix>> inside_ NETPROBE_GUARDED_BY(mutex_);
  mutable Mutex handlers_mutex_;
  std::map<std::uint64_t, AlertBatchHandler> handlers_ NETPROBE_GUARDED_BY(handlers_mutex_);
  std::uint64_t last_handler_ NETPROBE_GUARDED_BY(handlers_mutex_) = 0;
};

}  // namespace netprobe
