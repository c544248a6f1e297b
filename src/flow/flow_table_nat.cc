// SPDX-License-Identifier: Apache-2.0
// Two tuples of one translated flow: which flows they are, and when two are one.
#include <utility>

#include "flow/flow_table_impl.h"

namespace netprobe {

void FlowTable::Impl::on_nat(const NatMapping& mapping) {
  const NatPair pair{mapping.original, mapping.translated};
  bool flipped = false;
  const FlowTuple original = canonical(pair.original, flipped);
  const FlowTuple translated = canonical(pair.translated, flipped);
  if (original == translated) return;  // nothing is another
  if (mapping.ended) {
    nat_.remove(pair);
    if (const std::uint32_t i = entry_at(original);
        i != kNone && entries_[i].nat && *entries_[i].nat == pair)
      entries_[i].nat_ended = true;
    return;
  }
  nat_wait_ = mapping.wait;
  if (!nat_.add(pair)) return;  // counted there
  const std::uint32_t before = unbound(original, pair);
  const std::uint32_t after = unbound(translated, pair);
  if (before != kNone && before == after) return;  // they are one already
  if (before == kNone && after == kNone) return;   // the first packet will tell
  const std::uint32_t i = before != kNone ? before : after;
  // Its points so far saw the one tuple that it was known by.
  if (!entries_[i].nat) bind(i, pair, i == after);
  if (before != kNone && after != kNone) join(before, after);
  mark_changed(entries_[i], i);
}

std::uint32_t FlowTable::Impl::unbound(const FlowTuple& canonical_tuple, const NatPair& pair) {
  const std::uint32_t i = entry_at(canonical_tuple);
  if (i == kNone) return kNone;
  const FlowEntry& entry = entries_[i];
  if (!entry.nat || (*entry.nat == pair && !entry.nat_ended)) return i;
  leave_index(i);
  return kNone;
}

void FlowTable::Impl::bind(std::uint32_t i, const NatPair& pair, bool seen_translated) {
  FlowEntry& entry = entries_[i];
  bool original_flipped = false;
  bool translated_flipped = false;
  const FlowTuple original = canonical(pair.original, original_flipped);
  const FlowTuple translated = canonical(pair.translated, translated_flipped);
  const bool known_by_original = entry.canonical == original;
  entry.nat = std::make_unique<NatPair>(pair);
  entry.from = (known_by_original ? original_flipped : translated_flipped) ? 1 : 0;
  for (FlowPoint& point : entry.points) point.translated = seen_translated;
  index_[known_by_original ? translated : original] =
      Place(i, original_flipped != translated_flipped);
}

bool FlowTable::Impl::is_translated(const FlowEntry& entry, const FlowTuple& canonical_tuple) {
  bool flipped = false;
  return entry.nat && canonical(entry.nat->translated, flipped) == canonical_tuple;
}

void FlowTable::Impl::join(std::uint32_t to, std::uint32_t from) {
  FlowEntry& into = entries_[to];
  FlowEntry& other = entries_[from];
  bool flipped = false;
  (void)canonical(into.nat->translated, flipped);
  // Side 0 of the other is its canonical tuple's direction.
  const bool turned = (flipped ? 1 : 0) != into.from;
  absorb(into, other, turned, kMaxPoints);
  join_handshakes(to, other);
  if (tracking_) {
    // What it counted is told of with the other from now on: its last word
    // has no counters, so that nobody adds them twice.
    Flow last = view(from);
    last.ended = true;
    last.merged_into = into.id;
    last.forward = last.reverse = {};
    for (Observation& seen : last.observations) seen.forward = seen.reverse = {};
    ended_flows_.push_back(std::move(last));
  }
  join_growth(to, from, turned);
  other.in_index = false;  // its key is the other's now
  ++ended_;
  release(from);
  into.at_last_tick = into.total(0);
  into.at_last_tick += into.total(1);
  if (sink_ != nullptr && !into.moved) {
    into.moved = true;
    moved_.push_back(to);
  }
}

}  // namespace netprobe
