// SPDX-License-Identifier: Apache-2.0
#include "query/live_windows.h"

#include <algorithm>
#include <utility>

#include "model/gained.h"

namespace netprobe {
namespace {

// After a clock that was set, or a thread that slept.
constexpr std::size_t kMaxWindowsAtOnce = 16;
constexpr std::size_t kMaxKnown = 262'144;
constexpr Micros kForget = 3600LL * 1'000'000;

}  // namespace

std::expected<void, QueryFailure> LiveWindows::check(const Query& query) {
  using enum QueryFailure::Kind;
  if (query.kind != RecordKind::kFlow)
    return std::unexpected(QueryFailure{
        kBadQuery, "only flows are live: ask for drops, connections and alerts without live"});
  if (query.is_aggregate() && (!query.every || *query.every <= 0))
    return std::unexpected(QueryFailure{
        kBadQuery, "a live aggregate needs a step: add 'every 5s' to the query, for example"});
  return {};
}

LiveWindows::LiveWindows(Query query, std::string node, Nanos now, std::size_t max_flows)
    : query_(std::move(query)),
      node_(std::move(node)),
      started_(to_micros(now)),
      begin_(started_ - started_ % *query_.every),
      max_flows_(max_flows) {
  query_.since.reset();
  query_.until.reset();
}

void LiveWindows::add(const std::vector<Flow>& flows, Nanos seen) {
  for (const Flow& flow : flows) add(flow, to_micros(seen));
}

void LiveWindows::add(const Flow& flow, Micros seen) {
  if (flow.merged_into != 0) return merge(flow.id, flow.merged_into);
  auto known = known_.find(flow.id);
  if (known == known_.end()) {
    if (known_.size() >= kMaxKnown) forget(seen);
    if (known_.size() >= kMaxKnown) {
      ++left_out_;
      return;
    }
    Had had;
    const FlowRecord record = record_of(flow);
    // What it had before anybody asked is in no window.
    if (record.first_seen < started_) {
      had = {.forward = record.forward,
             .reverse = record.reverse,
             .client_trouble = record.client_trouble,
             .server_trouble = record.server_trouble,
             .handshake = record.handshake > 0,
             .told = true};
    }
    known = known_.emplace(flow.id, had).first;
  }
  known->second.seen = seen;
  const auto found = changes_.find(flow.id);
  if (found == changes_.end() && changes_.size() >= max_flows_) {
    ++left_out_;
    return;
  }
  Change& change = found != changes_.end()
                       ? found->second
                       : changes_.emplace(flow.id, Change{{}, known->second, false}).first->second;
  change.now = record_of(flow);
  change.gone = flow.ending != FlowEnding::kLive;
}

/// What was counted of one is counted of the other, which has its counters now.
void LiveWindows::merge(std::uint64_t from, std::uint64_t into) {
  const auto known = known_.find(from);
  if (known == known_.end()) return;
  Had had = known->second;
  known_.erase(known);
  if (const auto change = changes_.find(from); change != changes_.end()) {
    had = change->second.before;
    changes_.erase(change);
  }
  const auto add_to = [&had](Had& to) {
    to.forward += had.forward;
    to.reverse += had.reverse;
    to.handshake = to.handshake || had.handshake;
    to.told = to.told || had.told;
  };
  if (const auto other = known_.find(into); other != known_.end())
    add_to(other->second);
  else
    known_.emplace(into, had);
  if (const auto change = changes_.find(into); change != changes_.end())
    add_to(change->second.before);
}

std::vector<LiveWindows::Window> LiveWindows::close(Nanos now) {
  std::vector<Window> windows;
  const Micros step = *query_.every;
  const Micros time = to_micros(now);
  while (begin_ + step <= time && windows.size() < kMaxWindowsAtOnce)
    windows.push_back(close_one(std::exchange(begin_, begin_ + step)));
  // The clock was set: windows between are nobody's.
  if (begin_ + step <= time || begin_ > time + step) begin_ = time - time % step;
  return windows;
}

LiveWindows::Window LiveWindows::close_one(Micros begin) {
  Window window{.begin = begin,
                .end = begin + *query_.every,
                .answer = {},
                .left_out = std::exchange(left_out_, 0)};
  std::vector<RecordRef> records;
  records.reserve(changes_.size());
  for (auto& [id, change] : changes_) {
    FlowRecord& record = change.now;
    const Had& before = change.before;
    const auto known = known_.find(id);
    if (known != known_.end()) {
      known->second = {.forward = record.forward,
                       .reverse = record.reverse,
                       .client_trouble = record.client_trouble,
                       .server_trouble = record.server_trouble,
                       .handshake = record.handshake > 0,
                       .told = true,
                       .seen = known->second.seen};
      if (change.gone) known_.erase(known);
    }
    record.time = begin;
    record.forward = gained(record.forward, before.forward);
    record.reverse = gained(record.reverse, before.reverse);
    record.client_trouble = gained(record.client_trouble, before.client_trouble);
    record.server_trouble = gained(record.server_trouble, before.server_trouble);
    if (before.handshake) record.handshake = 0;
    record.began = !before.told;
    records.push_back({RecordKind::kFlow, &record, node_});
  }
  if (auto answer = evaluate({.query = query_, .limits = {}, .cursor = {}}, records)) {
    window.answer = std::move(*answer);
    window.answer.since = window.begin;
    window.answer.until = window.end;
  } else {
    window.left_out += records.size();
  }
  changes_.clear();
  return window;
}

void LiveWindows::forget(Micros now) {
  erase_if(known_, [now](const auto& one) { return now - one.second.seen > kForget; });
}

}  // namespace netprobe
