// SPDX-License-Identifier: Apache-2.0
#include "api/kube_json.h"

#include <algorithm>

#include "model/identity_json.h"

namespace netprobe {
namespace {

std::string_view zone_of(const KubeNode& node) {
  // The second is what it was called before 1.17.
  for (const std::string_view key :
       {"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"}) {
    const auto label = std::ranges::find(node.labels, key, &KubeLabels::value_type::first);
    if (label != node.labels.end()) return label->second;
  }
  return {};
}

}  // namespace

std::string full_name(const KubeMeta& meta) {
  return meta.name_space.empty() ? meta.name : meta.name_space + "/" + meta.name;
}

void append_time_or_null(JsonObject& json, std::string_view name, Nanos wall) {
  if (wall == 0)
    json.null(name);
  else
    json.time(name, wall);
}

void append_kubernetes(JsonObject& json, std::string& out, const KubeStatus& status) {
  json.key("kubernetes");
  JsonObject inner(out);
  inner.text("state", to_string(status.state));
  if (status.state != KubeState::kOff) {
    inner.text("server", status.server);
    inner.text("source", status.source);
    inner.text("error", status.error);
    if (!status.server_version.empty()) inner.text("server_version", status.server_version);
    append_time_or_null(inner, "synced_at", status.synced_at);
    append_time_or_null(inner, "last_contact", status.last_contact);
  }
  inner.close();
}

LossCounter missing_names(const KubeView& view) {
  const KubeState state = view.status.state;
  if (state == KubeState::kOff) return {};
  if (state != KubeState::kSynced) return {"kubernetes", "not_synced", 1};
  std::uint64_t skipped = view.stats.skipped;
  for (const KubeResourceStatus& resource : view.status.resources) skipped += resource.skipped;
  return {"kubernetes", "skipped", skipped};
}

void append_addresses(JsonObject& json, std::string& out, std::string_view name,
                      std::span<const IpAddress> addresses) {
  json.key(name);
  JsonArray list(out);
  for (const IpAddress& address : addresses) list.text(address.to_string());
  list.close();
}

void append_node_fields(JsonObject& json, std::string& out, const KubeNode& node) {
  json.text("name", node.meta.name);
  json.text("uid", node.meta.uid);
  json.flag("ready", node.ready);
  append_addresses(json, out, "internal_ips", node.internal_ips);
  append_addresses(json, out, "external_ips", node.external_ips);
  json.key("pod_cidrs");
  JsonArray cidrs(out);
  for (const IpPrefix& cidr : node.pod_cidrs) cidrs.text(cidr.to_string());
  cidrs.close();
  json.text("zone", zone_of(node));
  json.text("kubelet_version", node.kubelet_version);
  json.text("kernel_version", node.kernel_version);
  append_time_or_null(json, "created", node.meta.created);
  append_labels(json, out, "labels", node.labels);
}

}  // namespace netprobe
