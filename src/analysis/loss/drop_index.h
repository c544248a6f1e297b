// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/drop.h"
#include "model/loss.h"
#include "model/tuple_key.h"

namespace netprobe {

/// The same for both directions.
[[nodiscard]] inline FlowTuple canonical_of(const FlowTuple& tuple) {
  bool flipped = false;
  return canonical(tuple, flipped);
}

/// Between which two points a packet was lost. Interfaces by ifindex; `to` is
/// 0 where nobody knows.
struct DropPlace {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  Direction from_direction = Direction::kIngress;
  Direction to_direction = Direction::kIngress;
  bool tunnelled = false;  ///< inside a tunnel's packet at one of the two
};

/// Could a packet with this record's device and reason have passed the one
/// point and not the other? Our hooks stand before other programs of the same
/// device and before its queueing discipline.
/// `inside`: the record tells of a tunnel's packet, and the packet in question
/// was inside.
[[nodiscard]] bool drop_lies_between(const DropRecord& record, const DropPlace& place,
                                     bool inside = false);

/// Drops by flow, and how many of them losses have used up: one dropped packet
/// explains one lost packet. A tunnel's packet that was dropped is a packet of
/// two flows, what is around and what is inside, and explains one of each.
class DropIndex {
 public:
  /// Takes the newest state of all records; their counts only grow. Those of
  /// other network namespaces than `netns` (0: any) are left out: their
  /// interfaces have the same numbers.
  void update(const DropReport& drops, std::uint64_t netns);
  [[nodiscard]] bool empty() const { return by_tuple_.empty(); }

  /// Drops of this direction at this place that explain nothing yet.
  [[nodiscard]] std::uint64_t available(const FlowTuple& tuple, const DropPlace& place) const;
  /// Uses up to `packets` of them.
  std::vector<LossReason> use(const FlowTuple& tuple, const DropPlace& place,
                              std::uint64_t packets);
  /// Flows with drops that explain nothing; at most a thousand. Each is named a
  /// few times, as its counters may come later than its drops, and again when
  /// there are more.
  [[nodiscard]] std::vector<FlowTuple> unused_tuples();

 private:
  struct Known {
    DropRecord record;
    bool inside = false;  ///< known here by what was in the tunnel
    std::uint64_t used = 0;
    int named = 0;       ///< by unused_tuples() since it grew
    bool fresh = false;  ///< in the newest report
    [[nodiscard]] const FlowTuple& tuple() const {
      return inside ? record.inside->tuple : record.tuple;
    }
  };
  [[nodiscard]] static bool same_place(const DropRecord& a, const DropRecord& b);
  void update(const FlowTuple& tuple, const DropRecord& record, bool inside);

  boost::unordered_flat_map<FlowTuple, std::vector<Known>, TupleHash> by_tuple_;
};

}  // namespace netprobe
