// SPDX-License-Identifier: Apache-2.0
#include "export/alertmanager/alert_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/duration.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "model/alert.h"
#include "model/technique.h"

namespace netprobe {
namespace {

/// "port_scan": "NetProbePortScan".
std::string alert_name(std::string_view kind) {
  std::string name = "NetProbe";
  bool begins = true;
  for (const char c : kind) {
    if (c == '_') {
      begins = true;
      continue;
    }
    name += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = false;
  }
  return name;
}

/// Stable names rather than addresses, which a pod may change.
std::string end_name(const FindingEnd& end) {
  if (end.identity) return end.identity->full_name();
  if (!end.text.empty()) return end.text;
  return end.address.is_unspecified() ? std::string() : end.address.to_string();
}

void add(AlertLabels& labels, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (std::ranges::find(labels, name, [](const auto& each) {
        return std::string_view(each.first);
      }) != labels.end())
    return;
  labels.emplace_back(name, mended_utf8(value));
}

}  // namespace

AlertLabels labels_of(const AlertEvent& event, std::string_view node, const AlertLabels& given) {
  AlertLabels labels = given;
  const FindingEnd source = source_of(event);
  const FindingEnd target = target_of(event);
  add(labels, "alertname", alert_name(event.kind));
  add(labels, "kind", event.kind);
  add(labels, "key", event.key);
  add(labels, "severity", event.severity);
  add(labels, "node", node);
  add(labels, "source", end_name(source));
  add(labels, "target", end_name(target));
  const auto has_names = [](const FindingEnd& end) {
    return end.identity && !end.identity->name_space.empty();
  };
  for (const FindingEnd* end : {&target, &source}) {
    if (!has_names(*end)) continue;
    add(labels, "namespace", end->identity->name_space);
    add(labels, "workload", end->identity->workload);
    break;
  }
  return labels;
}

std::string annotations_of(const AlertEvent& event) {
  std::string out;
  JsonObject json(out);
  json.text("summary", event.summary);
  json.text("id", event.id);
  json.text("value", fmt::format("{:.6g}", event.value));
  json.text("threshold", fmt::format("{:.6g}", event.threshold));
  json.text("unit", event.unit);
  json.text("count", std::to_string(event.count));
  json.text("first_seen", format_rfc3339(event.first_seen * kMicrosecond));
  json.text("last_seen", format_rfc3339(event.last_seen * kMicrosecond));
  if (event.resolved > 0) json.text("resolved", format_rfc3339(event.resolved * kMicrosecond));
  json.text("technique", event.technique);
  if (const Technique* technique = find_technique(event.technique)) {
    json.text("technique_name", technique->name);
    json.text("tactic", technique->tactic);
    json.text("tactic_name", tactic_name(technique->tactic));
  }
  if (event.src_process) json.text("source_process", event.src_process->comm);
  if (event.dst_process) json.text("target_process", event.dst_process->comm);
  json.close();
  return out;
}

bool is_alert_label(std::string_view name) {
  const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::ranges::all_of(name, is_word);
}

}  // namespace netprobe
