// SPDX-License-Identifier: Apache-2.0
#include "probes/netfilter/nat_ledger.h"

#include <utility>

namespace netprobe {

void NatLedger::take(const NatMapping& mapping, bool from_dump, Nanos wait) {
  if (mapping.ended) return ended(mapping);
  // The dump read this entry before the event of its end came.
  if (from_dump && ended_in_dump_.contains(mapping.original)) return;
  NatMapping told = mapping;
  told.wait = wait;
  began(told);
}

void NatLedger::began(const NatMapping& mapping) {
  const auto found = known_.find(mapping.original);
  if (found == known_.end()) {
    if (known_.size() >= most_)
      ++refused_;
    else if (out_->push(mapping))
      known_.emplace(mapping.original, Known{mapping.translated, round_, false});
    else
      dump_wanted_ = true;  // it says it again
    return;
  }
  Known& known = found->second;
  known.round = round_;
  if (known.translated == mapping.translated && !known.over) return;
  // The table gives up what had the tuple before: then no end is owed.
  if (out_->push(mapping)) {
    known = {mapping.translated, round_, false};
    return;
  }
  dump_wanted_ = true;
  owe(found);
}

void NatLedger::ended(const NatMapping& mapping) {
  if (dumping_) ended_in_dump_.insert(mapping.original);
  const auto found = known_.find(mapping.original);
  if (found == known_.end() || found->second.translated != mapping.translated) return;
  if (!found->second.over && say_end(found)) known_.erase(found);
}

bool NatLedger::say_end(Pairs::iterator pair) {
  if (out_->offer({pair->first, pair->second.translated, true})) return true;
  owe(pair);
  return false;
}

void NatLedger::owe(Pairs::iterator pair) {
  if (!std::exchange(pair->second.over, true)) owed_.push_back(pair->first);
}

void NatLedger::say_owed() {
  while (!owed_.empty()) {
    const auto pair = known_.find(owed_.back());
    if (pair != known_.end() && pair->second.over) {
      if (!say_end(pair)) return;  // still full
      known_.erase(pair);
    }
    owed_.pop_back();
  }
}

void NatLedger::begin_dump() {
  ++round_;
  dumping_ = true;
  ended_in_dump_.clear();
}

void NatLedger::finish_dump(bool whole) {
  dumping_ = false;
  ended_in_dump_.clear();
  if (!whole) return;
  for (auto pair = known_.begin(); pair != known_.end();) {
    const bool stays = pair->second.round == round_ || pair->second.over || !say_end(pair);
    pair = stays ? std::next(pair) : known_.erase(pair);
  }
}

bool NatLedger::take_dump_wish() { return std::exchange(dump_wanted_, false); }

}  // namespace netprobe
