// SPDX-License-Identifier: Apache-2.0
// What a BeaconDetector keeps over a restart: all but evidence.
#include "detect/beacon/beacon_detector.h"
#include "sketch/saved_state.h"

namespace netprobe {
namespace {

constexpr std::string_view kName = "beacon";
constexpr std::uint32_t kVersion = 1;

template <typename Map>
void begin_map(StateWriter& out, const Map& map) {
  out.u32(static_cast<std::uint32_t>(map.size()));
}

}  // namespace

void BeaconDetector::save(std::string& out) {
  StateWriter to(out, kName, kVersion);
  to.u64(subjects_.seed());
  begin_map(to, workloads_);
  workloads_.for_each([&](std::uint64_t id, const Workload& workload) {
    to.u64(id);
    to.i64(workload.first);
    to.u32(workload.regular);
  });
  begin_map(to, learnt_);
  learnt_.for_each([&](std::uint64_t id, const Learnt& learnt) {
    to.u64(id);
    to.u8(learnt.judged ? 1 : 0);
  });
  begin_map(to, callers_);
  callers_.for_each([&](std::uint64_t id, const Callers& callers) {
    to.u64(id);
    to.u8(callers.n);
    for (std::size_t i = 0; i < callers.n; ++i) to.u32(callers.ids[i]);
  });
  begin_map(to, pairs_);
  pairs_.for_each([&](std::uint64_t id, const Pair& pair) {
    to.u64(id);
    to.i64(pair.first);
    to.i64(pair.start);
    to.i64(pair.last);
    to.u64(pair.sent);
    to.u32(pair.calls);
    to.u32(pair.at);
    for (const std::uint32_t interval : pair.intervals) to.u32(interval);
    for (const std::uint32_t size : pair.sizes) to.u32(size);
  });
  to.finish();
}

Status BeaconDetector::load(std::string_view state) {
  clear();
  Status status = read(state);
  if (!status) clear();
  return status;
}

void BeaconDetector::clear() {
  workloads_.clear();
  learnt_.clear();
  once_.clear();
  pairs_.clear();
  callers_.clear();
  pending_.clear();
}

Status BeaconDetector::read(std::string_view state) {
  auto from = StateReader::open(state, kName, kVersion);
  if (!from) return std::unexpected(from.error());
  subjects_ = Subjects(from->u64(), options_.inside);
  for (std::size_t n = from->count(options_.max_workloads); n > 0 && from->ok(); --n) {
    Workload& workload = workloads_.touch(from->u64());
    workload.first = from->time();
    workload.regular = from->u32();
  }
  for (std::size_t n = from->count(options_.max_learnt); n > 0 && from->ok(); --n) {
    const std::uint64_t id = from->u64();
    learnt_.touch(id).judged = from->u8() != 0;
  }
  for (std::size_t n = from->count(options_.max_services); n > 0 && from->ok(); --n) {
    Callers& callers = callers_.touch(from->u64());
    callers.n = std::min<std::uint8_t>(from->u8(), kMostCallers);
    for (std::size_t i = 0; i < callers.n; ++i) callers.ids[i] = from->u32();
  }
  for (std::size_t n = from->count(options_.max_pairs); n > 0 && from->ok(); --n) {
    Pair& pair = pairs_.touch(from->u64());
    pair.first = from->time();
    pair.start = from->time();
    pair.last = from->time();
    pair.sent = from->u64();
    pair.calls = from->u32();
    pair.at = from->u32();
    for (std::uint32_t& interval : pair.intervals) interval = from->u32();
    for (std::uint32_t& size : pair.sizes) size = from->u32();
  }
  return from->end(kName);
}

}  // namespace netprobe
