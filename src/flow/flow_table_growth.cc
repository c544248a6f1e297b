// SPDX-License-Identifier: Apache-2.0
// What flows gained since the growth sink was told last.
#include <algorithm>
#include <utility>

#include "flow/flow_table_impl.h"

namespace netprobe {
namespace {

/// A nearer point that has just appeared may have less than the one before it,
/// and two flows that turned out to be one were told as two: nothing is taken
/// back, and nothing is told until there is more.
template <typename Count>
Count more(Count now, Count told) {
  return now > told ? now - told : 0;
}

Counters more(const Counters& now, const Counters& told) {
  return {more(now.packets, told.packets), more(now.bytes, told.bytes)};
}

}  // namespace

FlowTable::Impl::Told& FlowTable::Impl::told(std::uint32_t i) {
  if (told_.size() <= i) told_.resize(entries_.size());
  return told_[i];
}

void FlowTable::Impl::watch_growth(FlowGrowthSink* sink) {
  growth_sink_ = sink;
  grown_.clear();
  told_.clear();
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    entries_[i].grown = false;
    if (entries_[i].live) mark_grown(i);
  }
}

void FlowTable::Impl::take_growth() {
  if (growth_sink_ == nullptr) return;
  // An entry may stand there twice: it ended, and another flow took its place.
  std::erase_if(grown_, [&](std::uint32_t i) {
    FlowEntry& entry = entries_[i];
    if (!entry.live || !entry.grown) return true;
    entry.grown = false;
    return tell_growth(i, FlowEnding::kLive);
  });
  for (const std::uint32_t i : grown_) entries_[i].grown = true;
}

bool FlowTable::Impl::tell_growth(std::uint32_t i, FlowEnding ending) {
  const FlowEntry& entry = entries_[i];
  Told& told = this->told(i);
  const bool last = ending != FlowEnding::kLive;
  std::array<Counters, 2> counters;
  std::array<TcpTrouble, 2> troubles;
  bool gained = last || !told.flow;
  for (std::size_t s = 0; s < 2; ++s) {
    counters[s] = more(entry.total(s), told.counters[s]);
    const TcpTrouble now = trouble_of(entry, s);
    const Told::Trouble& before = told.trouble[s];
    troubles[s] = {more<std::uint64_t>(now.retransmits, before.retransmits),
                   more<std::uint64_t>(now.out_of_order, before.out_of_order),
                   more<std::uint64_t>(now.zero_windows, before.zero_windows),
                   more<std::uint64_t>(now.resets, before.resets)};
    gained = gained || counters[s] != Counters{} || troubles[s].any();
  }
  // A handshake may be complete without a gain at the nearest point.
  if (!gained && (told.handshake || entry.canonical.protocol != kProtoTcp)) return true;
  Flow flow = outline(i);
  const bool handshake = !told.handshake && flow.handshake_rtt > 0;
  if (!gained && !handshake) return true;
  add_path(entry, names_, flow);
  if (last) {
    flow.ending = ending;
    flow.ended = true;
  }
  const std::size_t from = entry.initiator();
  const bool taken =
      growth_sink_->on_growth({flow, counters[from], counters[1 - from], troubles[from],
                               troubles[1 - from], !told.flow, last, handshake});
  if (!taken && !last) return false;
  told.flow = true;
  told.handshake = told.handshake || handshake;
  for (std::size_t s = 0; s < 2; ++s) {
    told.counters[s] += counters[s];
    const auto add = [](std::uint32_t& to, std::uint64_t gain) {
      to += static_cast<std::uint32_t>(gain);
    };
    add(told.trouble[s].retransmits, troubles[s].retransmits);
    add(told.trouble[s].out_of_order, troubles[s].out_of_order);
    add(told.trouble[s].zero_windows, troubles[s].zero_windows);
    add(told.trouble[s].resets, troubles[s].resets);
  }
  return true;
}

void FlowTable::Impl::end_growth(std::uint32_t i, FlowEnding why) {
  if (growth_sink_ == nullptr) return;
  tell_growth(i, why);
  Told& told = this->told(i);
  for (std::size_t s = 0; s < 2; ++s) told_over_ += more(told.counters[s], entries_[i].total(s));
  told = {};
}

void FlowTable::Impl::join_growth(std::uint32_t to, std::uint32_t from, bool turned) {
  if (growth_sink_ == nullptr) return;
  Told& other = told(from);
  Told& into = told(to);
  if (other.flow) {
    // All that it had is the other's now.
    Flow flow = outline(from);
    flow.ended = true;
    flow.merged_into = entries_[to].id;
    add_path(entries_[from], names_, flow);
    growth_sink_->on_growth({flow, {}, {}, {}, {}, false, true, false});
    if (into.flow) ++told_twice_;
  }
  // What was told of both is told of the one; that may be more than it has yet.
  into.flow = into.flow || other.flow;
  into.handshake = into.handshake || other.handshake;
  for (std::size_t s = 0; s < 2; ++s) {
    const std::size_t t = turned ? 1 - s : s;
    into.counters[s] += other.counters[t];
    into.trouble[s].retransmits += other.trouble[t].retransmits;
    into.trouble[s].out_of_order += other.trouble[t].out_of_order;
    into.trouble[s].zero_windows += other.trouble[t].zero_windows;
    into.trouble[s].resets += other.trouble[t].resets;
  }
  other = {};
  mark_grown(to);
}

}  // namespace netprobe
