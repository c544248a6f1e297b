// SPDX-License-Identifier: Apache-2.0
#include "model/alert.h"

#include <algorithm>

#include "base/json_writer.h"
#include "model/flow_json.h"
#include "model/identity_json.h"

namespace netprobe {
namespace {

void append_end(JsonObject& json, std::string& out, std::string_view name, const FindingEnd& end) {
  json.key(name);
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
    one.number("packets", flow.packets);
    one.number("bytes", flow.bytes);
    if (flow.tuple.protocol == kProtoTcp) one.text("tcp_flags", tcp_flags_text(flow.tcp_flags));
    one.close();
  }
  list.close();
}

}  // namespace

std::string_view to_string(AlertState state) {
  return state == AlertState::kActive ? "active" : "resolved";
}

void append_evidence_json(std::string& out, const Alert& alert) {
  const Finding& finding = alert.finding;
  JsonObject json(out);
  json.real("value", finding.value);
  json.real("threshold", finding.threshold);
  json.text("unit", finding.unit);
  if (finding.window > 0) json.real("window_seconds", static_cast<double>(finding.window) / 1e6);
  if (!finding.expected.empty()) json.text("expected", finding.expected);
  json.real("confidence", finding.confidence);
  json.flag("spoofable", finding.spoofable);
  append_flows(json, out, finding.evidence);
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
  append_evidence_json(event.evidence, alert);
  event.count = finding.count;
  event.first_seen = finding.first_seen;
  event.last_seen = finding.last_seen;
  return event;
}

void append_json(std::string& out, const Alert& alert) {
  const Finding& finding = alert.finding;
  JsonObject json(out);
  json.text("id", alert.id);
  json.text("kind", finding.kind);
  json.text("severity", to_string(finding.severity));
  json.text("technique", finding.technique);
  json.text("state", to_string(alert.state));
  if (alert.muted) json.flag("muted", true);
  json.text("summary", finding.summary);
  append_end(json, out, "source", finding.source);
  append_end(json, out, "target", finding.target);
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
