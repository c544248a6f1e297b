// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "flow/flow_entry.h"
#include "model/tuple_key.h"

namespace netprobe {

/// The translations that are in force: from either tuple to the pair. Bounded;
/// whoever ends a connection frees its pair. One thread.
class NatTable {
 public:
  explicit NatTable(std::size_t most) : most_(most) {}

  /// Takes the pair; others that had one of its tuples are gone with it, since
  /// the kernel gives a tuple to one connection at a time. False: full.
  bool add(const NatPair& pair);
  void remove(const NatPair& pair);
  /// The pair that has this canonical tuple, before or after; null without.
  /// Valid until the next add() or remove().
  [[nodiscard]] const NatPair* find(const FlowTuple& canonical_tuple) const;

  [[nodiscard]] std::size_t size() const { return live_; }
  /// Pairs that found no room.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  void erase(std::uint32_t slot);

  const std::size_t most_;
  std::size_t live_ = 0;
  std::uint64_t refused_ = 0;
  std::vector<NatPair> pairs_;
  std::vector<std::uint32_t> free_;
  boost::unordered_flat_map<FlowTuple, std::uint32_t, TupleHash> by_tuple_;
};

}  // namespace netprobe
