// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/agent_peer.h"
#include "query/answer.h"

namespace netprobe {

/// Who can be asked right now, and who is missing: taken once for a question, so that
/// all of it goes by the same.
struct Roster {
  struct Member {
    AgentPeerPtr peer;
    AgentStatePtr state;
    /// The node, or, while that is not known, the address.
    [[nodiscard]] const std::string& name() const {
      return state->node.empty() ? state->address : state->node;
    }
  };
  std::vector<Member> ready;  ///< by node, then by address
  std::vector<QuerySources::Missing> missing;
  std::vector<std::string> silent;    ///< nodes that nobody tells of: sorted, each once
  std::vector<std::string> warnings;  ///< two agents with one node name

  /// Agents, and nodes without one.
  [[nodiscard]] std::uint64_t expected() const { return ready.size() + missing.size(); }
};
[[nodiscard]] Roster roster_of(const AgentDirectory& directory);

/// Adds counters up by name.
using LostCounts = std::vector<std::pair<std::string, std::uint64_t>>;
void add_lost(LostCounts& to, const LostCounts& more);

/// One sentence: "2 of 5 nodes did not answer: a (why), b (why)"; a few by name.
[[nodiscard]] std::string missing_sentence(const QuerySources& sources);

}  // namespace netprobe
