// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/answer_page.h"
#include "api/completeness.h"
#include "api/kube_json.h"
#include "api/pages.h"
#include "model/flow_json.h"

namespace netprobe {
namespace {

struct Placed {
  std::uint64_t weight = 0;
  const Flow* flow = nullptr;
};

/// The order of a list: more weight first, then by id.
bool stands_before(const Placed& a, const Placed& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.flow->id < b.flow->id;
}

bool stands_after(const Placed& place, const FlowCursor& cursor) {
  return place.weight != cursor.weight ? place.weight < cursor.weight : place.flow->id > cursor.id;
}

bool in_range(const Flow& flow, const FlowsQuery& query) {
  return (!query.since || flow.last_seen >= *query.since) &&
         (!query.until || flow.first_seen <= *query.until);
}

void append_flows(JsonObject& json, std::string& out, std::size_t count, const auto& flow_at) {
  json.key("flows");
  JsonArray list(out);
  for (std::size_t i = 0; i < count; ++i) {
    list.next();
    append_json(out, flow_at(i));
  }
  list.close();
}

}  // namespace

std::string flow_page(const Snapshot& snapshot, const FlowsQuery& query) {
  std::uint64_t total = 0;
  std::vector<Placed> page;
  for (const Flow& flow : snapshot.flows) {
    if (!in_range(flow, query) || !query.matches(flow, snapshot.node_name)) continue;
    ++total;
    const Placed place{sort_weight(flow, query.order), &flow};
    if (!query.cursor || stands_after(place, *query.cursor)) page.push_back(place);
  }
  const std::size_t count = std::min(query.limit, page.size());
  const bool more = page.size() > count;
  std::ranges::partial_sort(page, page.begin() + static_cast<std::ptrdiff_t>(count), stands_before);

  std::string out;
  out.reserve(512 + count * 1024);
  JsonObject json(out);
  append_flows(json, out, count, [&](std::size_t i) -> const Flow& { return *page[i].flow; });
  json.number("total", total);
  if (more && count > 0) {
    const Placed& last = page[count - 1];
    json.text("next_cursor", format_cursor({query.order, last.weight, last.flow->id}));
  } else {
    json.null("next_cursor");
  }
  append_live_origin(json);
  append_kubernetes(json, out, snapshot.kube->status);
  append_completeness(json, out, snapshot, {query.since, query.until});
  json.close();
  return out;
}

std::string top_page(const Snapshot& snapshot, const TopQuery& query) {
  const auto top =
      top_talkers(snapshot.flows, query.limit, query.by, query.filter, snapshot.node_name);
  std::string out;
  JsonObject json(out);
  json.text("by", to_string(query.by));
  append_flows(json, out, top.size(), [&](std::size_t i) -> const Flow& { return top[i]; });
  append_kubernetes(json, out, snapshot.kube->status);
  append_completeness(json, out, snapshot);
  json.close();
  return out;
}

}  // namespace netprobe
