// SPDX-License-Identifier: Apache-2.0
#include "api/alerts_query.h"
#include "api/completeness.h"
#include "api/kube_json.h"
#include "base/json_writer.h"

namespace netprobe {
namespace {

void append_totals(JsonObject& json, std::string& out, const AlertReport& report) {
  json.key("totals");
  JsonArray list(out);
  for (const AlertTotal& total : report.totals) {
    list.next();
    JsonObject one(out);
    one.text("kind", total.kind);
    one.text("severity", to_string(total.severity));
    one.number("count", total.count);
    one.close();
  }
  list.close();
  json.number("muted", report.muted);
  json.number("not_kept", report.not_kept);
}

void append_detectors(JsonObject& json, std::string& out, const AlertReport& report) {
  json.key("detectors");
  JsonArray list(out);
  for (const DetectorStatus& detector : report.detectors) {
    list.next();
    JsonObject one(out);
    one.text("name", detector.name);
    one.flag("on", detector.on);
    if (!detector.why.empty()) one.text("why", detector.why);
    one.number("records", detector.records);
    one.number("findings", detector.findings);
    one.number("not_followed", detector.not_followed);
    one.number("bytes", detector.bytes);
    one.real("run_seconds", static_cast<double>(detector.run_time) / 1e9);
    one.close();
  }
  list.close();
}

void append_watchlists(JsonObject& json, std::string& out, const AlertReport& report) {
  json.key("threat_intel");
  JsonArray array(out);
  for (const WatchlistStatus& list : report.watchlists) {
    array.next();
    JsonObject one(out);
    one.text("list", list.name);
    if (!list.error.empty()) one.text("error", list.error);
    one.flag("has_list", list.has_list);
    one.flag("from_cache", list.from_cache);
    if (list.fetched > 0) one.time("fetched", list.fetched);
    one.number("addresses", list.addresses);
    one.number("networks", list.prefixes);
    one.number("names", list.names);
    one.number("trimmed", list.trimmed);
    one.key("refused");
    JsonObject refused(out);
    for (const auto& [cause, count] : list.refused) refused.number(cause, count);
    refused.close();
    one.number("failed", list.failed);
    one.number("matches", list.matches);
    one.close();
  }
  array.close();
}

}  // namespace

std::string alerts_page(const Snapshot& snapshot, const AlertsQuery& query) {
  const AlertReport& report = *snapshot.alerts;
  std::string out;
  JsonObject json(out);
  json.key("alerts");
  JsonArray list(out);
  std::uint64_t total = 0;
  std::size_t shown = 0;
  bool begun = query.cursor.empty();
  const Alert* last = nullptr;
  bool more = false;
  for (const AlertPtr& alert : report.alerts) {
    const bool matches = query.matches(*alert, snapshot.node_name);
    if (matches) ++total;
    if (!begun) {
      begun = alert->id == query.cursor;
      continue;
    }
    if (!matches) continue;
    if (shown == query.limit) {
      more = true;
      continue;
    }
    ++shown;
    last = alert.get();
    list.next();
    append_json(out, *alert);
  }
  list.close();
  json.number("total", total);
  if (more)
    json.text("next_cursor", last->id);
  else
    json.null("next_cursor");
  append_totals(json, out, report);
  append_detectors(json, out, report);
  append_watchlists(json, out, report);
  append_kubernetes(json, out, snapshot.kube->status);
  append_completeness(json, out, snapshot, {}, {"flow", "detect"});
  json.close();
  return out;
}

}  // namespace netprobe
