// SPDX-License-Identifier: Apache-2.0
#include "model/identity_json.h"

#include "model/identity_names.h"

namespace netprobe {

void append_labels(JsonObject& json, std::string& out, std::string_view name,
                   const KubeLabels& labels) {
  json.key(name);
  JsonObject inner(out);
  for (const auto& [key, value] : labels) {
    inner.foreign_key(key);
    append_json_string(out, value);
  }
  inner.close();
}

void append_identity(JsonObject& json, std::string& out, std::string_view end,
                     const IdentityPtr& identity, IdentityDetail detail) {
  if (!identity) return;
  std::string name(end);
  name += '_';
  const std::size_t length = name.size();
  const auto field = [&](std::string_view rest) -> std::string_view {
    name.resize(length);
    return name += rest;
  };
  const auto text = [&](std::string_view rest, std::string_view value) {
    if (!value.empty()) json.text(field(rest), value);
  };
  json.text(field("kind"), to_string(identity->kind));
  const std::string full_name = identity->full_name();
  json.text(field("name"), full_name);
  if (identity->kind == IdentityKind::kPod) json.text(field("pod"), full_name);
  text("namespace", identity->name_space);
  text("workload", workload_name(*identity));
  text("node", node_of(*identity));
  if (detail == IdentityDetail::kBrief) return;
  text("zone", identity->zone);
  text("node_pool", identity->node_pool);
  if (identity->host_network) json.flag(field("host_network"), true);
  if (!identity->labels.empty()) append_labels(json, out, field("labels"), identity->labels);
}

void append_service(JsonObject& json, const IdentityPtr& service, ServiceBy by) {
  if (!service) return;
  json.text("service", service->full_name());
  json.text("service_by", to_string(by));
}

void append_traffic(JsonObject& json, std::string& out, const Flow& flow) {
  json.key("traffic");
  JsonArray kinds(out);
  for (const TrafficKind& kind : kTrafficKinds)
    if (kind.holds(flow)) kinds.text(kind.name);
  kinds.close();
}

}  // namespace netprobe
