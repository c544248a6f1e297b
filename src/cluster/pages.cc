// SPDX-License-Identifier: Apache-2.0
#include "cluster/pages.h"

#include <algorithm>
#include <tuple>

#include "cluster/flows_page.h"
#include "cluster/merge_lists.h"
#include "cluster/page_request.h"

namespace netprobe {
namespace {

/// Pages that take nothing at an agent: all that its node has.
bool is_whole_at_agents(std::string_view path) {
  return path == "/api/interfaces" || path == "/api/probes" || path == "/api/netfilter";
}

/// Leaves one node. False: there is none of that name.
bool narrow(Roster& roster, const std::string& node) {
  std::erase_if(roster.ready, [&](const Roster::Member& each) { return each.name() != node; });
  std::erase_if(roster.missing, [&](const auto& each) { return each.node != node; });
  roster.counted_twice = 0;  // those have no node
  return !roster.ready.empty() || !roster.missing.empty();
}

}  // namespace

ClusterPages::ClusterPages(AgentDirectory& agents, Scheduler& scheduler, const Clock& clock,
                           ClusterPagesOptions options)
    : agents_(agents), scheduler_(scheduler), clock_(clock), options_(options) {}

void ClusterPages::list(const std::string& path, const QueryParams& params, Done done) const {
  auto request = read_page_request(params, options_);
  if (!request) return done(bad_page(request.error()));
  std::optional<PagePlace> place;
  if (!request->cursor.empty() && !(place = parse_page_place(request->cursor)))
    return done(bad_page("the cursor is not one that a page ended with; ask without it"));

  Roster roster = roster_of(agents_);
  const bool whole = is_whole_at_agents(path);
  if (const auto node = std::ranges::find(request->params, "node", &QueryParam::name);
      whole && node != request->params.end()) {
    if (!narrow(roster, node->value))
      return done(bad_page("'" + node->value +
                           "' is not a value for node: there is none of that name; /api/agents "
                           "has them"));
    request->params.erase(node);
    request->rest = encode(request->params);
  }
  const std::string limit = "limit=" + std::to_string(request->limit);
  std::vector<PageQuestion> questions;
  for (const Roster::Member& member : roster.ready) {
    const auto at = std::tie(member.state->node, member.state->address);
    if (place && at < std::tie(place->node, place->address)) continue;  // was shown
    std::string query = request->rest;
    const auto add = [&](const std::string& part) { query += (query.empty() ? "" : "&") + part; };
    if (request->has_limit && !whole) add(limit);
    if (place && !place->cursor.empty() && at == std::tie(place->node, place->address))
      add("cursor=" + percent_encode(place->cursor));
    questions.push_back({member, path, std::move(query)});
  }
  const std::string name = path.substr(path.rfind('/') + 1);
  gather_pages(std::move(questions), scheduler_, options_.deadline,
               [roster = std::move(roster), name, place, limit = request->limit,
                done = std::move(done)](std::vector<AgentPage> pages) {
                 if (auto refused = refusal_in(pages, roster)) return done(std::move(*refused));
                 done(json_page(merge_lists(std::move(pages), roster, name, limit, place)));
               });
}

void ClusterPages::stats(Done done) const {
  Roster roster = roster_of(agents_);
  std::vector<PageQuestion> questions;
  for (const Roster::Member& member : roster.ready) questions.push_back({member, "/api/stats", ""});
  gather_pages(std::move(questions), scheduler_, options_.deadline,
               [roster = std::move(roster), done = std::move(done)](std::vector<AgentPage> pages) {
                 if (auto refused = refusal_in(pages, roster)) return done(std::move(*refused));
                 done(json_page(merge_stats(std::move(pages), roster)));
               });
}

void ClusterPages::flows(const QueryParams& params, Done done) const {
  auto request = read_page_request(params, options_);
  if (!request) return done(bad_page(request.error()));
  answer_flows(std::move(*request), roster_of(agents_), scheduler_, clock_, options_,
               std::move(done));
}

}  // namespace netprobe
