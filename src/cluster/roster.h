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
  /// Of `missing`, so many may be others of it: an agent of which nobody knows the node,
  /// and a node of which nobody knows the agent.
  std::uint64_t counted_twice = 0;

  /// How many of the cluster's nodes are missing.
  [[nodiscard]] std::uint64_t absent() const { return missing.size() - counted_twice; }
  /// Agents, and nodes without one.
  [[nodiscard]] std::uint64_t expected() const { return ready.size() + absent(); }
};
/// An agent's node by its own word, else by what the cluster tells of its address.
[[nodiscard]] std::string node_of(const AgentDirectory& directory, const AgentState& state);
/// Nodes of the cluster that no agent is known to be on: sorted.
[[nodiscard]] std::vector<std::string> nodes_without_agent(const AgentDirectory& directory);
[[nodiscard]] Roster roster_of(const AgentDirectory& directory);

/// Adds counters up by name.
using LostCounts = std::vector<std::pair<std::string, std::uint64_t>>;
void add_lost(LostCounts& to, const LostCounts& more);

/// One sentence: "2 of 5 nodes did not answer: a (why), b (why)"; a few by name.
[[nodiscard]] std::string missing_sentence(const QuerySources& sources);

}  // namespace netprobe
