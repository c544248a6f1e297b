// SPDX-License-Identifier: Apache-2.0
#include "alerts/detection_engine.h"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

namespace netprobe {
namespace {

// Flows are looked at once a second: nobody is kept waiting by looking this often.
constexpr std::chrono::milliseconds kLookEvery{100};

void log_alert(const Alert& alert) {
  const Finding& finding = alert.finding;
  if (alert.state == AlertState::kResolved)
    spdlog::info("alert {} is over: {}", alert.id, finding.summary);
  else if (finding.severity >= Severity::kMedium)
    spdlog::warn("alert {} ({}, {}): {}", alert.id, to_string(finding.severity), finding.technique,
                 finding.summary);
  else
    spdlog::info("alert {} ({}, {}): {}", alert.id, to_string(finding.severity), finding.technique,
                 finding.summary);
}

}  // namespace

DetectionEngine::DetectionEngine(DetectionOptions options, std::vector<DetectorSlot> detectors,
                                 std::vector<RecordMatcher> mutes, const Clock& clock,
                                 std::function<void(HistoryBatchPtr)> write)
    : options_(std::move(options)),
      clock_(clock),
      write_(std::move(write)),
      waiting_(options_.most_waiting),
      names_waiting_(options_.most_names_waiting),
      detection_(std::move(detectors), std::move(mutes), options_.book, clock) {
  publish();
}

DetectionEngine::~DetectionEngine() { stop(); }

void DetectionEngine::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "detection");
    run();
  });
}

void DetectionEngine::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void DetectionEngine::take(HistoryBatchPtr batch) {
  const std::size_t records = batch->size();
  if (!waiting_.push(std::move(batch))) records_lost_ += records;
}

void DetectionEngine::take_names(NameBatchPtr batch) {
  const std::size_t names = batch->size();
  if (!names_waiting_.push(std::move(batch))) names_lost_ += names;
}

void DetectionEngine::run() {
  if (!options_.state_directory.empty()) detection_.load(options_.state_directory);
  Nanos next = clock_.monotonic() + options_.tick;
  Nanos next_save = clock_.monotonic() + options_.save_every;
  while (!stopping_) {
    hand_on_inside();
    look();
    if (const Nanos now = clock_.monotonic(); now >= next) {
      tick();
      next = now + options_.tick;
    }
    if (const Nanos now = clock_.monotonic(); now >= next_save) {
      save();
      next_save = now + options_.save_every;
    }
    std::this_thread::sleep_for(kLookEvery);
  }
  look();
  tick();
  save();
}

void DetectionEngine::look() {
  for (const NameBatchPtr& batch : names_waiting_.take()) detection_.look(*batch);
  for (const HistoryBatchPtr& batch : waiting_.take()) detection_.look(*batch);
}

void DetectionEngine::set_inside(std::vector<IpPrefix> inside) {
  const MutexLock lock(mutex_);
  inside_ = std::move(inside);
}

void DetectionEngine::hand_on_inside() {
  std::optional<std::vector<IpPrefix>> inside;
  {
    const MutexLock lock(mutex_);
    inside.swap(inside_);
  }
  if (inside) detection_.set_inside(*inside);
}

void DetectionEngine::tick() {
  const Micros now = to_micros(clock_.wall());
  std::vector<AlertPtr> told;
  detection_.tick(now, [&](const AlertPtr& alert) { told.push_back(alert); });
  publish();
  if (!told.empty()) tell(std::move(told), now);
}

void DetectionEngine::tell(std::vector<AlertPtr> alerts, Micros now) {
  auto batch = std::make_shared<HistoryBatch>();
  batch->node = options_.node;
  batch->id = fmt::format("{}/{}/alerts/{}", options_.node, options_.started_at, ++batches_);
  for (const AlertPtr& alert : alerts) {
    log_alert(*alert);
    batch->alerts.push_back(event_of(*alert, now));
  }
  const HistoryBatchPtr told = std::move(batch);
  if (write_) write_(told);
  const MutexLock lock(handlers_mutex_);
  for (const auto& [id, handler] : handlers_) handler(told);
}

std::uint64_t DetectionEngine::subscribe(AlertBatchHandler handler) {
  const MutexLock lock(handlers_mutex_);
  handlers_.emplace(++last_handler_, std::move(handler));
  return last_handler_;
}

void DetectionEngine::unsubscribe(std::uint64_t id) {
  const MutexLock lock(handlers_mutex_);
  handlers_.erase(id);
}

void DetectionEngine::publish() {
  auto report = std::make_shared<AlertReport>(detection_.report());
  report->lost = {{"detect", "queue_full", records_lost_},
                  {"detect", "name_queue_full", names_lost_}};
  const MutexLock lock(mutex_);
  report_ = std::move(report);
}

void DetectionEngine::save() {
  if (!options_.state_directory.empty()) detection_.save(options_.state_directory);
}

AlertReportPtr DetectionEngine::report() const {
  const MutexLock lock(mutex_);
  return report_;
}

}  // namespace netprobe
