// SPDX-License-Identifier: Apache-2.0
#include "alerts/detection.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "alerts/learnt_state.h"

namespace netprobe {

Detection::Detection(std::vector<DetectorSlot> detectors, std::vector<RecordMatcher> mutes,
                     AlertBookOptions book, const Clock& clock)
    : clock_(clock), book_(std::move(book), std::move(mutes)) {
  for (DetectorSlot& slot : detectors) detectors_.push_back({.slot = std::move(slot)});
}

template <typename Work>
void Detection::guard(Running& running, Work&& work) {
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

void Detection::load(const std::string& directory) {
  for (Running& running : detectors_)
    guard(running, [&](Detector& detector) {
      if (const auto loaded = load_learnt(directory, detector); !loaded)
        spdlog::warn("detector {} learns anew: {}", running.slot.name, loaded.error().message);
    });
}

void Detection::save(const std::string& directory) {
  for (Running& running : detectors_)
    guard(running, [&](Detector& detector) {
      const auto saved = save_learnt(directory, detector, room_);
      if (!saved && !std::exchange(save_failed_, true))
        spdlog::warn("what detectors learn is lost at the end: {}", saved.error().message);
      if (saved) save_failed_ = false;
    });
  std::string().swap(room_);  // some MiB, for a moment
}

void Detection::look(const HistoryBatch& batch) {
  for (Running& running : detectors_)
    guard(running, [&](Detector& detector) {
      for (const FlowRecord& flow : batch.flows) detector.on_flow(flow);
      for (const ConnectionEvent& connection : batch.connections)
        detector.on_connection(connection);
      running.records += batch.size();
    });
}

void Detection::set_inside(const std::vector<IpPrefix>& inside) {
  for (Running& running : detectors_)
    guard(running, [&](Detector& detector) { detector.set_inside(inside); });
}

void Detection::look(const NameBatch& batch) {
  for (Running& running : detectors_)
    guard(running, [&](Detector& detector) {
      for (const DnsMessage& message : batch.dns) detector.on_dns(message);
      for (const NeighbourClaim& claim : batch.neighbours) detector.on_neighbour(claim);
      running.records += batch.size();
    });
}

void Detection::tick(Micros now, const AlertBook::Tell& tell) {
  for (Running& running : detectors_)
    guard(running, [&](Detector& detector) {
      detector.tick(now, [&](Finding&& finding) {
        ++running.findings;
        book_.take(std::move(finding), now);
      });
    });
  book_.tick(now, tell);
}

AlertReport Detection::report() const {
  AlertReport report = book_.report();
  for (const Running& running : detectors_) {
    const Detector* detector = running.slot.detector.get();
    report.detectors.push_back({.name = running.slot.name,
                                .on = detector != nullptr,
                                .why = running.slot.why,
                                .records = running.records,
                                .findings = running.findings,
                                .not_followed = detector == nullptr ? 0 : detector->not_followed(),
                                .bytes = detector == nullptr ? 0 : detector->bytes(),
                                .run_time = running.run_time});
    if (detector == nullptr) continue;
    std::ranges::move(detector->watchlists(), std::back_inserter(report.watchlists));
  }
  return report;
}

}  // namespace netprobe
