// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/completeness.h"
#include "api/kube_json.h"
#include "api/losses_query.h"
#include "api/names.h"
#include "model/loss_json.h"

namespace netprobe {
namespace {

/// The filter's view of a loss: its flow, with the two points between which
/// the packets were lost.
bool matches(const Loss& loss, const LossesQuery& query, const AddressNames& names,
             std::string_view node) {
  if (query.since && loss.last_seen < *query.since) return false;
  if (query.role && to_string(loss.from_role) != *query.role &&
      (loss.to_interface.empty() || to_string(loss.to_role) != *query.role))
    return false;
  if (query.filter.empty()) return true;
  Flow flow = names.named(loss.tuple, loss.last_seen, loss.last_seen);
  flow.observations.resize(2);
  flow.observations[0].interface = loss.from_interface;
  flow.observations[1].interface = loss.to_interface;
  return query.filter.matches(flow, node);
}

bool stands_before(const Loss* a, const Loss* b) {
  return a->packets != b->packets ? a->packets > b->packets : a->id < b->id;
}

bool stands_after(const Loss& loss, const FlowCursor& cursor) {
  return loss.packets != cursor.weight ? loss.packets < cursor.weight : loss.id > cursor.id;
}

void append_totals(JsonObject& json, std::string& out, const LossReport& report) {
  json.key("totals");
  JsonArray list(out);
  for (const LossTotal& total : report.totals) {
    list.next();
    JsonObject item(out);
    item.text("from", to_string(total.from));
    item.text("to", total.to_known ? to_string(total.to) : "unknown");
    item.number("packets", total.packets);
    item.close();
  }
  list.close();
}

/// Under which conditions the list speaks: what is not compared is not in it.
void append_conditions(JsonObject& json, std::string& out, const LossReport& report) {
  json.key("conditions");
  JsonObject inner(out);
  inner.number("followed_flows", report.followed);
  inner.number("not_followed", report.not_followed);
  inner.number("forgotten_losses", report.forgotten);
  inner.number("unwatched_interfaces", report.unwatched_interfaces);
  inner.flag("routing_compared", report.unwatched_interfaces == 0);
  inner.close();
}

}  // namespace

std::string losses_page(const Snapshot& snapshot, const LossesQuery& query) {
  std::vector<const Loss*> page;
  std::uint64_t total = 0;
  const AddressNames names(snapshot);
  for (const Loss& loss : snapshot.loss.losses) {
    if (!matches(loss, query, names, snapshot.node_name)) continue;
    ++total;
    if (!query.cursor || stands_after(loss, *query.cursor)) page.push_back(&loss);
  }
  std::ranges::sort(page, stands_before);
  const bool more = page.size() > query.limit;
  if (more) page.resize(query.limit);

  std::string out;
  JsonObject json(out);
  json.key("losses");
  JsonArray list(out);
  for (const Loss* loss : page) {
    list.next();
    append_json(out, *loss, [&](JsonObject& flow) {
      AddressNames::append(flow, out, names.named(loss->tuple, loss->last_seen, loss->last_seen));
    });
  }
  list.close();
  json.number("total", total);
  if (more) {
    json.text("next_cursor",
              format_cursor({FlowOrder::kPackets, page.back()->packets, page.back()->id}));
  } else {
    json.null("next_cursor");
  }
  append_totals(json, out, snapshot.loss);
  append_conditions(json, out, snapshot.loss);
  append_kubernetes(json, out, snapshot.kube->status);
  append_completeness(json, out, snapshot, {}, {"flow", "drop"});
  json.close();
  return out;
}

}  // namespace netprobe
