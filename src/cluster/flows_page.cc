// SPDX-License-Identifier: Apache-2.0
#include "cluster/flows_page.h"

#include <map>
#include <memory>
#include <set>

#include "cluster/merge_flows.h"
#include "query/distribute.h"

namespace netprobe {
namespace {

/// Flows of one node that are looked through for other halves.
constexpr std::size_t kMostHalves = 10'000;
/// Addresses that one such question names.
constexpr std::size_t kMostAddresses = 200;

/// A page of flows between its two questions.
struct Page {
  Roster roster;
  ClusterPages::Done done;
  MergedFlows merged;
  Nanos now = 0;
};

void finish(const Page& page, const HalfIndex& halves) {
  std::string out;
  JsonObject json(out);
  json.key("flows");
  JsonArray list(out);
  for (const MergedFlows::Flow& flow : page.merged.flows) {
    list.next();
    out += flow.json;
    const std::string other = other_node(flow.half);
    if (other.empty()) continue;
    out.back() = ',';  // one member more
    out += "\"sides\":";
    append_sides(out, flow.half, halves.find(flow.half, other), page.now);
    out += '}';
  }
  list.close();
  json.number("total", page.merged.total);
  if (page.merged.more)
    json.text("next_cursor", format_flows_place(page.merged.last));
  else
    json.null("next_cursor");
  json.text("source", "live");
  json.text("tier", "live");
  page.merged.completeness.append(json, out);
  json.close();
  page.done(json_page(std::move(out)));
}

/// Asks each node for its halves of the page's flows: all that have one of their
/// addresses, which is more than is meant and picked from here.
void ask_for_halves(const std::shared_ptr<Page>& page, Scheduler& scheduler, Nanos deadline) {
  std::map<std::string, std::set<std::string>> wanted;
  for (const MergedFlows::Flow& flow : page->merged.flows) {
    const std::string other = other_node(flow.half);
    if (other.empty()) continue;
    auto& addresses = wanted[other];
    if (addresses.size() >= kMostAddresses) continue;
    const FlowTuple& behind = flow.half.translated ? *flow.half.translated : flow.half.tuple;
    // The end that is on the other node.
    const bool to_dst = flow.half.dst_node != flow.half.node;
    addresses.insert((to_dst ? behind.dst : flow.half.tuple.src).to_string());
  }
  std::vector<PageQuestion> questions;
  for (const Roster::Member& member : page->roster.ready) {
    const auto found = wanted.find(member.state->node);
    if (found == wanted.end()) continue;
    std::string q = "ip in (";
    for (const std::string& address : found->second) q += (q.ends_with('(') ? "" : ", ") + address;
    questions.push_back({member, "/api/flows",
                         "source=live&sort=last_seen&limit=" + std::to_string(kMostHalves) +
                             "&q=" + percent_encode(q + ")")});
  }
  gather_pages(std::move(questions), scheduler, deadline,
               [page](const std::vector<AgentPage>& pages) {
                 HalfIndex halves;
                 for (const AgentPage& each : pages) index_flows(each, halves);
                 finish(*page, halves);
               });
}

}  // namespace

void answer_flows(PageRequest request, Roster roster, Scheduler& scheduler, const Clock& clock,
                  const ClusterPagesOptions& options, ClusterPages::Done done) {
  const auto order =
      parse_flows_order(request.sort.empty() ? std::string_view("last_seen") : request.sort);
  if (!order)
    return done(bad_page("'" + request.sort +
                         "' is not a value for sort: of all nodes use last_seen, bytes, packets"));
  std::optional<FlowsPlace> place;
  if (!request.cursor.empty()) {
    place = parse_flows_place(request.cursor);
    if (!place)
      return done(bad_page("the cursor is not one that a page ended with; ask without it"));
    if (place->order != *order)
      return done(bad_page("this cursor belongs to a list that is sorted otherwise"));
  }
  Query query;
  if (!request.q.empty()) {
    auto parsed = parse_filter(request.q, clock.wall());
    if (!parsed) return done(bad_page("q: " + parsed.error().message));
    if (parsed->kind != RecordKind::kFlow)
      return done(bad_page("q: this list is of flows; use /api/query for other records"));
    query = std::move(*parsed);
  }
  QueryParams params = request.params;
  std::erase_if(params, [](const QueryParam& each) { return each.name == "source"; });
  params.push_back({"source", "live"});
  params.push_back({"sort", std::string(to_string(*order))});
  params.push_back({"limit", std::to_string(request.limit)});
  // So many silent nodes that their names do not fit: their flows' other halves are
  // left out, as the answer's completeness lets expect.
  std::vector<std::string> silent = roster.silent;
  std::string q = canonical(counted_once(query, silent));
  while (q.size() > kMaxQueryBytes && !silent.empty()) {
    silent.resize(silent.size() / 2);
    q = canonical(counted_once(query, silent));
  }
  params.push_back({"q", std::move(q)});
  const std::string text = encode(params);

  std::vector<PageQuestion> questions;
  for (const Roster::Member& member : roster.ready)
    questions.push_back(
        {member, "/api/flows",
         place ? text + "&cursor=" + percent_encode(agent_cursor(*place, *member.state)) : text});
  auto page = std::make_shared<Page>(Page{
      std::move(roster), std::move(done), {.completeness = PageCompleteness({})}, clock.wall()});
  gather_pages(std::move(questions), scheduler, options.deadline,
               [page, order = *order, limit = request.limit, &scheduler,
                deadline = options.halves_deadline](std::vector<AgentPage> pages) {
                 if (auto refused = refusal_in(pages, page->roster))
                   return page->done(std::move(*refused));
                 page->merged = merge_flows(std::move(pages), page->roster, order, limit);
                 ask_for_halves(page, scheduler, deadline);
               });
}

}  // namespace netprobe
