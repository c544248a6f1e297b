// SPDX-License-Identifier: Apache-2.0
#include "flow/nat_table.h"

namespace netprobe {
namespace {

FlowTuple key_of(const FlowTuple& tuple) {
  bool flipped = false;
  return canonical(tuple, flipped);
}

}  // namespace

const NatPair* NatTable::find(const FlowTuple& canonical_tuple) const {
  if (live_ == 0) return nullptr;  // most nodes' common case
  const auto found = by_tuple_.find(canonical_tuple);
  return found == by_tuple_.end() ? nullptr : &pairs_[found->second];
}

bool NatTable::add(const NatPair& pair) {
  for (const FlowTuple& tuple : {pair.original, pair.translated}) {
    const auto found = by_tuple_.find(key_of(tuple));
    if (found == by_tuple_.end()) continue;
    if (pairs_[found->second] == pair) return true;
    erase(found->second);
  }
  if (live_ >= most_) {
    ++refused_;
    return false;
  }
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(pairs_.size());
    pairs_.push_back(pair);
  } else {
    slot = free_.back();
    free_.pop_back();
    pairs_[slot] = pair;
  }
  by_tuple_[key_of(pair.original)] = slot;
  by_tuple_[key_of(pair.translated)] = slot;
  ++live_;
  return true;
}

void NatTable::remove(const NatPair& pair) {
  const auto found = by_tuple_.find(key_of(pair.original));
  // An end that comes late must not end a successor on the same tuple.
  if (found != by_tuple_.end() && pairs_[found->second] == pair) erase(found->second);
}

void NatTable::erase(std::uint32_t slot) {
  by_tuple_.erase(key_of(pairs_[slot].original));
  by_tuple_.erase(key_of(pairs_[slot].translated));
  free_.push_back(slot);
  --live_;
}

}  // namespace netprobe
