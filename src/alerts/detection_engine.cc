// SPDX-License-Identifier: Apache-2.0
#include "alerts/detection_engine.h"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <exception>
#include <utility>

#include "alerts/learnt_state.h"

namespace netprobe {
namespace {

// Batches come once a second: nobody is kept waiting by looking this often.
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
      names_waiting_(options_.most_waiting),
      book_(options_.book, std::move(mutes)) {
  for (DetectorSlot& slot : detectors) detectors_.push_back({.slot = std::move(slot)});
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
  load();
  Nanos next = clock_.monotonic() + options_.tick;
  Nanos next_save = clock_.monotonic() + options_.save_every;
  while (!stopping_) {
    look_at_names(names_waiting_.take());
    look(waiting_.take());
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
  look_at_names(names_waiting_.take());
  look(waiting_.take());
  tick();
  save();
}

void DetectionEngine::load() {
  if (options_.state_directory.empty()) return;
  for (Running& running : detectors_)
    guard(running, [&](Detector& detector) {
      if (const auto loaded = load_learnt(options_.state_directory, detector); !loaded)
        spdlog::warn("detector {} learns anew: {}", running.slot.name, loaded.error().message);
    });
}

void DetectionEngine::save() {
  if (options_.state_directory.empty()) return;
  for (Running& running : detectors_)
    guard(running, [&](Detector& detector) {
      const auto saved = save_learnt(options_.state_directory, detector, room_);
      if (!saved && !std::exchange(save_failed_, true))
        spdlog::warn("what detectors learn is lost at the end: {}", saved.error().message);
      if (saved) save_failed_ = false;
    });
  std::string().swap(room_);  // some MiB, for a moment
}

template <typename Work>
void DetectionEngine::guard(Running& running, Work&& work) {
  if (!running.slot.detector) return;
  const Nanos begin = clock_.monotonic();
  try {
    work(*running.slot.detector);
  } catch (const std::exception& error) {
    running.slot.why = fmt::format("it failed: {}", error.what());
    running.slot.detector.reset();
    spdlog::error("detector {} is off from now on: {}", running.slot.name, error.what());
  }
  running.run_time += clock_.monotonic() - begin;
}

void DetectionEngine::look(const std::vector<HistoryBatchPtr>& batches) {
  for (const HistoryBatchPtr& batch : batches)
    for (Running& running : detectors_)
      guard(running, [&](Detector& detector) {
        for (const FlowRecord& flow : batch->flows) detector.on_flow(flow);
        for (const ConnectionEvent& connection : batch->connections)
          detector.on_connection(connection);
        running.records += batch->size();
      });
}

void DetectionEngine::look_at_names(const std::vector<NameBatchPtr>& batches) {
  for (const NameBatchPtr& batch : batches)
    for (Running& running : detectors_)
      guard(running, [&](Detector& detector) {
        for (const DnsMessage& message : batch->dns) detector.on_dns(message);
        for (const NeighbourClaim& claim : batch->neighbours) detector.on_neighbour(claim);
        running.records += batch->size();
      });
}

void DetectionEngine::tick() {
  const Micros now = to_micros(clock_.wall());
  for (Running& running : detectors_)
    guard(running, [&](Detector& detector) {
      detector.tick(now, [&](Finding&& finding) {
        ++running.findings;
        book_.take(std::move(finding), now);
      });
    });
  std::vector<AlertPtr> told;
  book_.tick(now, [&](const AlertPtr& alert) { told.push_back(alert); });
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
  if (write_) write_(std::move(batch));
}

void DetectionEngine::publish() {
  auto report = std::make_shared<AlertReport>(book_.report());
  for (const Running& running : detectors_) {
    const Detector* detector = running.slot.detector.get();
    report->detectors.push_back({.name = running.slot.name,
                                 .on = detector != nullptr,
                                 .why = running.slot.why,
                                 .records = running.records,
                                 .findings = running.findings,
                                 .not_followed = detector == nullptr ? 0 : detector->not_followed(),
                                 .bytes = detector == nullptr ? 0 : detector->bytes(),
                                 .run_time = running.run_time});
  }
  report->lost = {{"detect", "queue_full", records_lost_},
                  {"detect", "name_queue_full", names_lost_}};
  const MutexLock lock(mutex_);
  report_ = std::move(report);
}

AlertReportPtr DetectionEngine::report() const {
  const MutexLock lock(mutex_);
  return report_;
}

}  // namespace netprobe
