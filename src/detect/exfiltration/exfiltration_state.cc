// SPDX-License-Identifier: Apache-2.0
// What an ExfiltrationDetector keeps over a restart: all but the top of this hour.
#include "detect/exfiltration/exfiltration_detector.h"
#include "sketch/saved_state.h"

namespace netprobe {
namespace {

constexpr std::string_view kName = "exfiltration";
constexpr std::uint32_t kVersion = 1;

}  // namespace

void ExfiltrationDetector::save(std::string& out) {
  StateWriter to(out, kName, kVersion);
  const auto bytes = [&](const std::uint8_t* data, std::size_t size) { to.bytes(data, size); };
  to.u64(subjects_.seed());
  to.i64(std::max<std::int64_t>(0, hour_));
  to.u32(static_cast<std::uint32_t>(workloads_.size()));
  workloads_.for_each([&](std::uint64_t id, Workload& workload) {
    to.u64(id);
    to.i64(workload.used);
    for (const Sums* sums : {&workload.hour, &workload.day}) {
      to.u64(sums->out);
      to.u64(sums->in);
      to.u64(sums->fresh);
    }
    workload.volume.each_byte(bytes);
    workload.ratio.each_byte(bytes);
  });
  to.u32(static_cast<std::uint32_t>(peers_.size()));
  peers_.for_each([&](std::uint64_t id, const Peer& peer) {
    to.u64(id);
    to.i64(peer.first);
  });
  to.u32(static_cast<std::uint32_t>(known_.size()));
  known_.for_each([&](std::uint64_t id, const Known& known) {
    to.u64(id);
    to.i64(known.first);
  });
  to.finish();
}

Status ExfiltrationDetector::load(std::string_view state) {
  clear();
  Status status = read(state);
  if (!status) clear();
  return status;
}

void ExfiltrationDetector::clear() {
  workloads_.clear();
  peers_.clear();
  known_.clear();
  hot_.clear();
  hour_ = -1;
}

Status ExfiltrationDetector::read(std::string_view state) {
  auto from = StateReader::open(state, kName, kVersion);
  if (!from) return std::unexpected(from.error());
  const auto bytes = [&](std::uint8_t* data, std::size_t size) { from->bytes(data, size); };
  subjects_ = Subjects(from->u64(), options_.inside);
  hour_ = from->time() % (std::int64_t{1} << 40U);
  for (std::size_t n = from->count(options_.max_workloads); n > 0 && from->ok(); --n) {
    Workload& workload = workloads_.touch(from->u64());
    workload.used = from->time();
    for (Sums* sums : {&workload.hour, &workload.day}) {
      sums->out = from->u64();
      sums->in = from->u64();
      sums->fresh = from->u64();
    }
    workload.volume.each_byte(bytes);
    workload.ratio.each_byte(bytes);
    workload.usual_hour = workload.volume.usual_hour(static_cast<unsigned>(hour_ % 24));
    workload.usual_day = workload.volume.usual_day();
  }
  for (std::size_t n = from->count(options_.max_peers); n > 0 && from->ok(); --n) {
    const std::uint64_t id = from->u64();
    peers_.touch(id).first = from->time();
  }
  for (std::size_t n = from->count(options_.max_known); n > 0 && from->ok(); --n) {
    const std::uint64_t id = from->u64();
    known_.touch(id).first = from->time();
  }
  return from->end(kName);
}

}  // namespace netprobe
