// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/flow.h"

namespace netprobe {

/// What one node's agent tells of a flow, as far as its other half is told by it: out
/// of the JSON of /api/flows.
struct FlowHalf {
  std::string node;  ///< whose agent told it
  std::string src_node;
  std::string dst_node;
  FlowTuple tuple;
  std::optional<FlowTuple> translated;
  Counters forward;
  Counters reverse;
  std::uint64_t retransmits = 0;
  std::uint64_t reverse_retransmits = 0;
  Nanos first_seen = 0;  ///< by the server's clock
  Nanos last_seen = 0;
  Nanos handshake = 0;         ///< SYN to the ACK that completes it; 0 none was seen
  Nanos handshake_server = 0;  ///< of it, from this node to the server and back
  Nanos rtt = 0;
  bool ended = false;
};
/// `clock_difference`: the agent's clock less the server's. Nothing where it is no flow.
[[nodiscard]] std::optional<FlowHalf> flow_half(simdjson::dom::object flow, std::string node,
                                                Nanos clock_difference);

/// The node that has the other half: that of dst where src's node told this one, and
/// the other way round; empty: there is none, or it is not known.
[[nodiscard]] std::string other_node(const FlowHalf& half);

/// Halves by what they look like between the nodes.
class HalfIndex {
 public:
  void add(FlowHalf half);
  /// Told by `node`, the same protocol and ends as they are on the way between the
  /// nodes (before or behind a translation), either way round, at the same time: the
  /// one that was there longest together. Null: none.
  [[nodiscard]] const FlowHalf* find(const FlowHalf& half, const std::string& node) const;

 private:
  std::multimap<std::string, FlowHalf> halves_;  ///< under each of its looks
};

/// Appends `"sides":{…}`, a value: client and server, packets lost between them each
/// way, the round trip between the nodes, and a note on what cannot be told. Lost
/// packets are told where both halves cover the same time, and are never below 0.
/// `other`: null where it was not found. `now`: by the server's clock.
void append_sides(std::string& out, const FlowHalf& half, const FlowHalf* other, Nanos now);

}  // namespace netprobe
