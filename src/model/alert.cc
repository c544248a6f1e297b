// SPDX-License-Identifier: Apache-2.0
#include "model/alert.h"

#include <algorithm>

#include "model/flow_json.h"
#include "model/identity_json.h"
#include "model/technique.h"

namespace netprobe {
namespace {

void append_flows(JsonObject& json, std::string& out, const std::vector<EvidenceFlow>& flows) {
  json.key("flows");
  JsonArray list(out);
  for (const EvidenceFlow& flow : flows) {
    list.next();
    JsonObject one(out);
    one.time("time", flow.time * kMicrosecond);
    one.address("src_ip", flow.tuple.src);
    one.address("dst_ip", flow.tuple.dst);
    one.number("src_port", flow.tuple.src_port);
    one.number("dst_port", flow.tuple.dst_port);
    one.text("protocol", protocol_name(flow.tuple.protocol));
    one.number("flow_id", flow.flow_id);
    // A flow without packets is none: nothing is known of them.
    if (flow.packets > 0) one.number("packets", flow.packets);
    if (flow.bytes > 0) one.number("bytes", flow.bytes);
    if (flow.tuple.protocol == kProtoTcp) one.text("tcp_flags", tcp_flags_text(flow.tcp_flags));
    one.close();
  }
  list.close();
}

void append_measured(JsonObject& json, std::string& out, const Finding& finding) {
  json.real("value", finding.value);
  json.real("threshold", finding.threshold);
  json.text("unit", finding.unit);
  if (finding.window > 0) json.real("window_seconds", static_cast<double>(finding.window) / 1e6);
  if (!finding.expected.empty()) json.text("expected", finding.expected);
  json.real("confidence", finding.confidence);
  json.flag("spoofable", finding.spoofable);
  append_flows(json, out, finding.evidence);
}

/// Of a record: there is no other place for its first few.
void append_event_evidence(std::string& out, const Alert& alert) {
  JsonObject json(out);
  json.text("change", to_string(alert.change));
  json.text("key", alert.finding.key);
  json.time("opened", alert.opened * kMicrosecond);
  if (alert.resolved > 0) json.time("resolved", alert.resolved * kMicrosecond);
  if (const auto& text = alert.finding.source.text; !text.empty()) json.text("source_text", text);
  if (const auto& text = alert.finding.target.text; !text.empty()) json.text("target_text", text);
  append_measured(json, out, alert.finding);
  json.close();
}

}  // namespace

std::string_view to_string(AlertState state) {
  return state == AlertState::kActive ? "active" : "resolved";
}

std::string_view to_string(AlertChange change) {
  switch (change) {
    case AlertChange::kOpened:
      return "opened";
    case AlertChange::kWorse:
      return "worse";
    case AlertChange::kOngoing:
      return "ongoing";
    case AlertChange::kResolved:
      return "resolved";
  }
  return "ongoing";
}

void append_end_json(std::string& out, const FindingEnd& end) {
  JsonObject one(out);
  if (!end.address.is_unspecified()) one.address("ip", end.address);
  if (end.port != 0) one.number("port", end.port);
  if (!end.text.empty()) one.text("text", end.text);
  if (end.identity) {
    one.text("kind", to_string(end.identity->kind));
    one.text("name", end.identity->full_name());
    if (!end.identity->name_space.empty()) one.text("namespace", end.identity->name_space);
    if (!end.identity->workload.empty()) {
      one.text("workload_kind", end.identity->workload_kind);
      one.text("workload", end.identity->workload);
    }
    if (!end.identity->node.empty()) one.text("node", end.identity->node);
  }
  if (end.process) {
    one.text("comm", end.process->comm);
    one.number("pid", end.process->pid);
  }
  one.close();
}

FindingEnd source_of(const AlertEvent& event) {
  FindingEnd end = src_of(event);
  end.text = event.source_text;
  return end;
}

FindingEnd target_of(const AlertEvent& event) {
  FindingEnd end = dst_of(event);
  end.text = event.target_text;
  return end;
}

void append_technique(JsonObject& json, std::string_view id) {
  json.text("technique", id);
  const Technique* technique = find_technique(id);
  if (technique == nullptr) return;
  json.text("technique_name", technique->name);
  json.text("tactic", technique->tactic);
  json.text("tactic_name", tactic_name(technique->tactic));
}

void append_evidence_json(std::string& out, const Alert& alert) {
  JsonObject json(out);
  append_measured(json, out, alert.finding);
  json.close();
}

AlertEvent event_of(const Alert& alert, Micros now) {
  const Finding& finding = alert.finding;
  AlertEvent event;
  event.time = now;
  if (!finding.evidence.empty()) event.tuple.protocol = finding.evidence.back().tuple.protocol;
  event.tuple.src = finding.source.address;
  event.tuple.src_port = finding.source.port;
  event.tuple.dst = finding.target.address;
  event.tuple.dst_port = finding.target.port;
  event.src = finding.source.identity;
  event.dst = finding.target.identity;
  event.src_process = finding.source.process;
  event.dst_process = finding.target.process;
  event.id = alert.id;
  event.kind = finding.kind;
  event.severity = to_string(finding.severity);
  event.technique = finding.technique;
  event.summary = finding.summary;
  append_event_evidence(event.evidence, alert);
  event.count = finding.count;
  event.first_seen = finding.first_seen;
  event.last_seen = finding.last_seen;
  event.change = alert.change;
  event.key = finding.key;
  event.source_text = finding.source.text;
  event.target_text = finding.target.text;
  event.opened = alert.opened;
  event.resolved = alert.resolved;
  event.value = finding.value;
  event.threshold = finding.threshold;
  event.unit = finding.unit;
  return event;
}

void append_json(std::string& out, const Alert& alert) {
  const Finding& finding = alert.finding;
  JsonObject json(out);
  json.text("id", alert.id);
  json.text("kind", finding.kind);
  json.text("severity", to_string(finding.severity));
  append_technique(json, finding.technique);
  json.text("state", to_string(alert.state));
  if (alert.muted) json.flag("muted", true);
  json.text("summary", finding.summary);
  json.key("source");
  append_end_json(out, finding.source);
  json.key("target");
  append_end_json(out, finding.target);
  json.time("first_seen", finding.first_seen * kMicrosecond);
  json.time("last_seen", finding.last_seen * kMicrosecond);
  json.time("opened", alert.opened * kMicrosecond);
  json.time("updated", alert.updated * kMicrosecond);
  if (alert.resolved > 0) json.time("resolved", alert.resolved * kMicrosecond);
  json.number("count", finding.count);
  json.key("evidence");
  append_evidence_json(out, alert);
  json.close();
}

}  // namespace netprobe
