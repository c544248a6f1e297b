// SPDX-License-Identifier: Apache-2.0
// What a LateralDetector keeps over a restart. Who calls how many, and is called by how
// many, is counted again from the edges.
#include <algorithm>

#include "detect/lateral/lateral_detector.h"
#include "sketch/saved_state.h"

namespace netprobe {
namespace {

constexpr std::string_view kName = "lateral_movement";
constexpr std::uint32_t kVersion = 1;
constexpr Micros kHour = 3600LL * 1'000'000;

}  // namespace

void LateralDetector::save(std::string& out) {
  StateWriter to(out, kName, kVersion);
  to.u64(subjects_.seed());
  to.i64(began_);
  to.u32(static_cast<std::uint32_t>(edges_.size()));
  edges_.for_each([&](std::uint64_t id, const Edge& edge) {
    to.u64(id);
    to.u64(edge.source);
    to.u64(edge.service);
    to.u32(edge.used);
    to.u32(edge.times);
    to.i64(edge.told_first);
  });
  to.u32(static_cast<std::uint32_t>(sources_.size()));
  sources_.for_each([&](std::uint64_t id, const Source& source) {
    to.u64(id);
    to.i64(source.first);
  });
  to.finish();
}

Status LateralDetector::load(std::string_view state) {
  clear();
  Status status = read(state);
  if (!status) clear();
  return status;
}

void LateralDetector::clear() {
  began_ = newest_ = 0;
  edges_.clear();
  sources_.clear();
  services_.clear();
  pending_.clear();
}

Status LateralDetector::read(std::string_view state) {
  auto from = StateReader::open(state, kName, kVersion);
  if (!from) return std::unexpected(from.error());
  subjects_ = Subjects(from->u64(), options_.inside);
  began_ = from->time();
  for (std::size_t n = from->count(options_.max_edges); n > 0 && from->ok(); --n) {
    const std::uint64_t id = from->u64();
    const std::uint64_t source = from->u64();
    const std::uint64_t service = from->u64();
    if (edges_.find(id) != nullptr) from->refuse();
    Edge& edge = add_edge(id, source, service, 0);
    edge.used = from->u32();
    newest_ = std::max(newest_, Micros{edge.used} * kHour);
    edge.times = from->u32();
    edge.told_first = from->time();
    edge.score = edge.times > 0 ? static_cast<float>(options_.min_score) : 0;
  }
  for (std::size_t n = from->count(options_.max_subjects); n > 0 && from->ok(); --n) {
    const std::uint64_t id = from->u64();
    sources_.touch(id).first = from->time();
  }
  return from->end(kName);
}

}  // namespace netprobe
