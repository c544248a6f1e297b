// SPDX-License-Identifier: Apache-2.0
#include "cluster/roster.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace netprobe {
namespace {

/// Nodes that a sentence names.
constexpr std::size_t kNamed = 5;

std::string problem_of(const AgentState& state) {
  if (!state.problem.empty()) return state.problem;
  switch (state.link) {
    case AgentState::Link::kConnecting:
      return "it was not reached yet";
    case AgentState::Link::kRefused:
      return "it refuses to talk to this server";
    default:
      return "it cannot be reached";
  }
}

void warn_of_twins(const std::map<std::string, std::vector<std::string>>& addresses,
                   std::vector<std::string>& warnings) {
  for (const auto& [node, all] : addresses) {
    if (all.size() < 2) continue;
    std::string text = "several agents call their node '" + node + "': ";
    for (std::size_t i = 0; i < all.size(); ++i) text += (i > 0 ? " and " : "") + all[i];
    warnings.push_back(text + "; what each tells is counted, so give each node a name of its own");
  }
}

}  // namespace

std::string_view to_string(AgentState::Link link) {
  static constexpr std::array<std::string_view, 4> kNames{"connecting", "ready", "unreachable",
                                                          "refused"};
  return kNames.at(static_cast<std::size_t>(link));
}

std::string node_of(const AgentDirectory& directory, const AgentState& state) {
  return state.node.empty() ? directory.node_at(state.address) : state.node;
}

std::vector<std::string> nodes_without_agent(const AgentDirectory& directory) {
  std::set<std::string> known;
  for (const AgentPeerPtr& peer : directory.agents())
    known.insert(node_of(directory, *peer->state()));
  std::vector<std::string> nodes = directory.nodes();
  std::erase_if(nodes, [&](const std::string& node) { return known.contains(node); });
  return nodes;
}

Roster roster_of(const AgentDirectory& directory) {
  Roster roster;
  std::uint64_t homeless = 0;  // agents of which nobody knows the node
  std::set<std::string> telling;
  std::set<std::string> known;
  std::map<std::string, std::vector<std::string>> addresses;
  for (AgentPeerPtr& peer : directory.agents()) {
    AgentStatePtr state = peer->state();
    const std::string node = node_of(directory, *state);
    if (!node.empty()) known.insert(node);
    if (!state->node.empty()) addresses[state->node].push_back(state->address);
    if (state->link != AgentState::Link::kReady) {
      roster.missing.push_back({node, state->address, problem_of(*state)});
      if (node.empty()) ++homeless;
      continue;
    }
    telling.insert(state->node);
    roster.ready.push_back({std::move(peer), std::move(state)});
  }
  std::uint64_t without = 0;
  for (const std::string& node : directory.nodes())
    if (!known.contains(node)) {
      roster.missing.push_back({node, "", "no agent was found on it"});
      known.insert(node);
      ++without;
    }
  roster.counted_twice = std::min(homeless, without);
  std::ranges::set_difference(known, telling, std::back_inserter(roster.silent));
  warn_of_twins(addresses, roster.warnings);
  std::ranges::sort(roster.ready, [](const Roster::Member& a, const Roster::Member& b) {
    return std::tie(a.state->node, a.state->address) < std::tie(b.state->node, b.state->address);
  });
  return roster;
}

void add_lost(LostCounts& to, const LostCounts& more) {
  for (const auto& [name, count] : more) {
    const auto found = std::ranges::find(to, name, &std::pair<std::string, std::uint64_t>::first);
    if (found != to.end())
      found->second += count;
    else
      to.emplace_back(name, count);
  }
}

std::string missing_sentence(const QuerySources& sources) {
  std::string text = std::to_string(sources.asked - sources.answered) + " of " +
                     std::to_string(sources.asked) + " nodes did not answer: ";
  std::size_t named = 0;
  for (const auto& each : sources.missing) {
    if (named == kNamed) break;
    text += (named++ > 0 ? ", " : "") + (each.node.empty() ? each.address : each.node) + " (" +
            each.problem + ")";
  }
  const std::uint64_t all = sources.asked - sources.answered;
  const std::uint64_t rest = all > named ? all - named : 0;
  return rest > 0 ? text + " and " + std::to_string(rest) + " more" : text;
}

}  // namespace netprobe
