// SPDX-License-Identifier: Apache-2.0
#include "export/webhook/alert_body.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "model/alert.h"
#include "model/flow_json.h"

namespace netprobe {
namespace {

/// OCSF's severity_id: 1 informational to 5 critical; 0 unknown.
std::uint64_t severity_id_of(std::string_view severity) {
  constexpr std::array<std::string_view, 6> kWords{"", "info", "low", "medium", "high", "critical"};
  const auto* found = std::ranges::find(kWords, severity);
  return found == kWords.end() ? 0 : static_cast<std::uint64_t>(found - kWords.begin());
}

/// OCSF's activity_id of a finding: 1 create, 2 update, 3 close.
std::uint64_t activity_id_of(AlertChange change) {
  if (change == AlertChange::kOpened) return 1;
  return change == AlertChange::kResolved ? 3 : 2;
}

}  // namespace

std::string event_id_of(const AlertEvent& event) {
  // It may get worse and be over at the same time.
  return event.id + '-' + std::to_string(event.time) + '-' + std::string(to_string(event.change));
}

void append_alert_body(std::string& out, const AlertEvent& event, std::string_view node,
                       bool retried) {
  JsonObject json(out);
  json.text("event_id", event_id_of(event));
  if (retried) json.flag("retried", true);
  json.text("id", event.id);
  json.text("change", to_string(event.change));
  json.number("activity_id", activity_id_of(event.change));
  json.text("state", event.change == AlertChange::kResolved ? "resolved" : "active");
  json.text("kind", event.kind);
  json.text("key", event.key);
  json.text("severity", event.severity);
  json.number("severity_id", severity_id_of(event.severity));
  append_technique(json, event.technique);
  json.text("summary", event.summary);
  json.text("observer", node);
  json.time("time", event.time * kMicrosecond);
  json.time("opened", event.opened * kMicrosecond);
  json.time("first_seen", event.first_seen * kMicrosecond);
  json.time("last_seen", event.last_seen * kMicrosecond);
  if (event.resolved > 0) json.time("resolved", event.resolved * kMicrosecond);
  json.number("count", event.count);
  if (event.tuple.protocol != 0) json.text("protocol", protocol_name(event.tuple.protocol));
  json.key("source");
  append_end_json(out, source_of(event));
  json.key("target");
  append_end_json(out, target_of(event));
  json.key("evidence");
  out += event.evidence.empty() ? "{}" : event.evidence;
  json.close();
}

}  // namespace netprobe
