// SPDX-License-Identifier: Apache-2.0
#include "server/agents_page.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/json_writer.h"
#include "cluster/roster.h"

namespace netprobe {
namespace {

void write_agent(std::string& out, const AgentState& agent, const std::string& node) {
  JsonObject json(out);
  json.text("node", node);
  json.text("address", agent.address);
  json.text("state", to_string(agent.link));
  if (!agent.problem.empty()) json.text("problem", agent.problem);
  json.text("version", agent.version);
  json.number("protocol", agent.protocol);
  json.text("run_id", agent.run_id);
  json.time("since", agent.since);
  if (agent.last_contact != 0)
    json.time("last_contact", agent.last_contact);
  else
    json.null("last_contact");
  json.real("clock_difference_seconds", static_cast<double>(agent.clock_difference) / 1e9);
  json.number("failures", agent.failures);
  json.key("faults");
  JsonObject faults(out);
  for (const auto& [cause, count] : agent.faults) faults.number(cause, count);
  faults.close();
  json.key("left_out");
  JsonArray left_out(out);
  for (const std::string& what : agent.left_out) left_out.text(what);
  left_out.close();
  json.key("lost");
  JsonObject lost(out);
  for (const auto& [name, count] : agent.lost) {
    lost.foreign_key(name);
    out += std::to_string(count);
  }
  lost.close();
  json.close();
}

}  // namespace

std::string agents_page(const AgentDirectory& directory) {
  std::vector<AgentStatePtr> agents;
  for (const AgentPeerPtr& peer : directory.agents()) agents.push_back(peer->state());
  std::ranges::sort(
      agents, {}, [](const AgentStatePtr& agent) { return std::tie(agent->node, agent->address); });
  std::string out;
  JsonObject json(out);
  json.key("agents");
  JsonArray list(out);
  std::uint64_t ready = 0;
  for (const AgentStatePtr& agent : agents) {
    list.next();
    write_agent(out, *agent, node_of(directory, *agent));
    if (agent->link == AgentState::Link::kReady) ++ready;
  }
  list.close();
  json.number("ready", ready);
  json.key("nodes_without_agent");
  JsonArray missing(out);
  const auto nodes = nodes_without_agent(directory);
  for (const std::string& node : nodes) missing.text(node);
  missing.close();
  json.close();
  return out;
}

}  // namespace netprobe
