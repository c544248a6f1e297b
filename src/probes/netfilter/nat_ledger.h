// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "model/netfilter.h"
#include "model/tuple_key.h"

namespace netprobe {

/// What is known of translated connections, and what the flow table has been
/// told of it: every pair that it was told of it hears the end of, whatever
/// events, dumps and the queue between them lose. Bounded; one thread.
class NatLedger {
 public:
  NatLedger(BoundedQueue<NatMapping>& out, std::size_t most) : out_(&out), most_(most) {}

  /// `wait`: NatMapping's.
  void take(const NatMapping& mapping, bool from_dump, Nanos wait);
  void begin_dump();
  /// `whole`: what neither it nor an event since its beginning has seen is over.
  void finish_dump(bool whole);
  /// Says again what found the queue full.
  void say_owed();

  /// Something was lost that a dump finds; asks once.
  [[nodiscard]] bool take_dump_wish();
  /// Pairs that the table knows, those that have ended and are owed included.
  [[nodiscard]] std::size_t size() const { return known_.size(); }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Known {
    FlowTuple translated;
    std::uint32_t round = 0;  ///< of the dump that saw it last
    bool over = false;        ///< its end is owed
  };
  using Pairs = std::unordered_map<FlowTuple, Known, TupleHash>;

  void began(const NatMapping& mapping);
  void ended(const NatMapping& mapping);
  /// False: the end is owed, and the entry stays until it is said.
  [[nodiscard]] bool say_end(Pairs::iterator pair);
  void owe(Pairs::iterator pair);

  BoundedQueue<NatMapping>* out_;
  std::size_t most_;
  Pairs known_;
  std::vector<FlowTuple> owed_;                             ///< keys of known_
  std::unordered_set<FlowTuple, TupleHash> ended_in_dump_;  ///< while the dump goes on
  std::uint32_t round_ = 0;
  bool dumping_ = false;
  bool dump_wanted_ = false;
  std::uint64_t refused_ = 0;
};

}  // namespace netprobe
