// SPDX-License-Identifier: Apache-2.0
// What flows gained since the growth sink was told last.
#include <algorithm>
#include <utility>

#include "flow/flow_table_impl.h"
#include "model/gained.h"

namespace netprobe {
FlowTable::Impl::Told& FlowTable::Impl::told(Listener& listener, std::uint32_t i) {
  if (listener.told.size() <= i) listener.told.resize(entries_.size());
  return listener.told[i];
}

void FlowTable::Impl::mark_grown_anew(std::uint32_t i) {
  FlowEntry& entry = entries_[i];
  for (Listener& listener : listeners_) {
    if ((watching_ & listener.bit & ~entry.grown) == 0) continue;
    entry.grown |= listener.bit;
    listener.grown.push_back(i);
  }
}

void FlowTable::Impl::watch_growth(FlowGrowthSink* sink, GrowthListener which) {
  const auto at = static_cast<std::size_t>(which);
  const auto bit = static_cast<std::uint8_t>(1U << at);
  Listener& listener = listeners_.at(at);
  listener = {};
  listener.sink = sink;
  listener.bit = bit;
  watching_ = static_cast<std::uint8_t>(sink != nullptr ? watching_ | bit : watching_ & ~bit);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    entries_[i].grown &= static_cast<std::uint8_t>(~bit);
    if (entries_[i].live) mark_grown(i);
  }
}

bool FlowTable::Impl::take_growth(GrowthListener which, std::size_t most) {
  Listener& listener = listeners_.at(static_cast<std::size_t>(which));
  if (listener.sink == nullptr) return false;
  if (listener.next == listener.round.size()) {
    listener.round.swap(listener.grown);
    listener.next = 0;
  }
  const std::size_t until = listener.next + std::min(most, listener.round.size() - listener.next);
  for (; listener.next < until; ++listener.next) {
    const std::uint32_t i = listener.round[listener.next];
    FlowEntry& entry = entries_[i];
    // An entry may stand there twice: it ended, and another flow took its place.
    if (!entry.live || (entry.grown & listener.bit) == 0) continue;
    entry.grown &= static_cast<std::uint8_t>(~listener.bit);
    if (!tell_growth(listener, i, FlowEnding::kLive)) listener.refused.push_back(i);
  }
  if (listener.next < listener.round.size()) return true;
  end_round(listener);
  return false;
}

void FlowTable::Impl::end_round(Listener& listener) {
  listener.round.clear();
  listener.next = 0;
  for (const std::uint32_t i : listener.refused) {
    FlowEntry& entry = entries_[i];
    // It may have grown again, and stand there already.
    if (!entry.live || (entry.grown & listener.bit) != 0) continue;
    entry.grown |= listener.bit;
    listener.grown.push_back(i);
  }
  listener.refused.clear();
}

bool FlowTable::Impl::tell_growth(Listener& listener, std::uint32_t i, FlowEnding ending) {
  const FlowEntry& entry = entries_[i];
  Told& told = this->told(listener, i);
  const bool last = ending != FlowEnding::kLive;
  std::array<Counters, 2> counters;
  std::array<TcpTrouble, 2> troubles;
  bool any = last || !told.flow;
  for (std::size_t s = 0; s < 2; ++s) {
    counters[s] = gained(entry.total(s), told.counters[s]);
    const TcpTrouble now = trouble_of(entry, s);
    const Told::Trouble& before = told.trouble[s];
    troubles[s] = {gained<std::uint64_t>(now.retransmits, before.retransmits),
                   gained<std::uint64_t>(now.out_of_order, before.out_of_order),
                   gained<std::uint64_t>(now.zero_windows, before.zero_windows),
                   gained<std::uint64_t>(now.resets, before.resets)};
    any = any || counters[s] != Counters{} || troubles[s].any();
  }
  // A handshake may be complete without a gain at the nearest point.
  if (!any && (told.handshake || entry.canonical.protocol != kProtoTcp)) return true;
  Flow flow = outline(i);
  const bool handshake = !told.handshake && flow.handshake_rtt > 0;
  if (!any && !handshake) return true;
  add_path(entry, names_, flow);
  if (last) {
    flow.ending = ending;
    flow.ended = true;
  }
  const std::size_t from = entry.initiator();
  const FlowPoint* nearest = entry.nearest(from);
  if (nearest == nullptr) nearest = entry.nearest(1 - from);
  const bool taken = listener.sink->on_growth({flow, counters[from], counters[1 - from],
                                               troubles[from], troubles[1 - from], !told.flow, last,
                                               handshake, nearest == nullptr ? 0 : nearest->ifindex,
                                               nearest == nullptr ? Role::kHost : nearest->role});
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
  for (Listener& listener : listeners_) {
    if (listener.sink == nullptr) continue;
    tell_growth(listener, i, why);
    Told& told = this->told(listener, i);
    for (std::size_t s = 0; s < 2; ++s)
      listener.over += gained(told.counters[s], entries_[i].total(s));
    told = {};
  }
}

void FlowTable::Impl::join_growth(std::uint32_t to, std::uint32_t from, bool turned) {
  for (Listener& listener : listeners_)
    if (listener.sink != nullptr) join_growth(listener, to, from, turned);
  mark_grown(to);
}

void FlowTable::Impl::join_growth(Listener& listener, std::uint32_t to, std::uint32_t from,
                                  bool turned) {
  Told& other = told(listener, from);
  Told& into = told(listener, to);
  if (other.flow) {
    // All that it had is the other's now.
    Flow flow = outline(from);
    flow.ended = true;
    flow.merged_into = entries_[to].id;
    add_path(entries_[from], names_, flow);
    listener.sink->on_growth({flow, {}, {}, {}, {}, false, true, false});
    if (into.flow) ++listener.twice;
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
}

}  // namespace netprobe
