// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "api/cluster_pages.h"
#include "api/completeness.h"
#include "api/kube_json.h"

namespace netprobe {
namespace {

struct NamespaceCounts {
  std::uint64_t pods = 0;
  std::uint64_t services = 0;
};

/// Counts of pods by one property of theirs.
using Counts = std::map<std::string_view, std::uint64_t>;

std::uint64_t count_of(const Counts& counts, std::string_view name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

void append_namespaces(JsonObject& json, std::string& out, const KubeView& view) {
  std::map<std::string_view, NamespaceCounts> counts;
  for (const auto& one : view.namespaces) counts[one->meta.name];
  for (const auto& pod : view.pods) ++counts[pod->meta.name_space].pods;
  for (const auto& service : view.services) ++counts[service->meta.name_space].services;
  json.key("namespaces");
  JsonArray list(out);
  for (const auto& [name, count] : counts) {
    list.next();
    JsonObject item(out);
    item.text("name", name);
    item.number("pod_count", count.pods);
    item.number("service_count", count.services);
    item.close();
  }
  list.close();
}

void append_index(JsonObject& json, std::string& out, const IdentityStats& stats) {
  json.key("identity");
  JsonObject index(out);
  index.number("addresses", stats.addresses);
  index.number("claims", stats.claims);
  index.number("bytes", stats.bytes);
  index.number("changes", stats.changes);
  index.number("conflicts", stats.conflicts);
  index.number("skipped", stats.skipped);
  index.number("evicted", stats.evicted);
  index.close();
}

void append_resources(JsonObject& json, std::string& out, const KubeStatus& status) {
  json.key("resources");
  JsonArray list(out);
  for (const KubeResourceStatus& resource : status.resources) {
    list.next();
    JsonObject item(out);
    item.text("name", resource.name);
    item.flag("synced", resource.synced);
    item.number("objects", resource.objects);
    item.number("lists", resource.lists);
    item.number("watches", resource.watches);
    item.number("events", resource.events);
    item.number("skipped", resource.skipped);
    item.number("failures", resource.failures);
    append_time_or_null(item, "last_contact", resource.last_contact);
    item.text("error", resource.error);
    item.close();
  }
  list.close();
}

}  // namespace

Nanos last_updated(const Snapshot& snapshot) {
  return snapshot.kube->updated != 0 ? snapshot.kube->updated : snapshot.taken_at;
}

std::string cluster_page(const Snapshot& snapshot) {
  const KubeView& view = *snapshot.kube;
  Counts on_node;
  Counts in_phase;
  for (const auto& pod : view.pods) {
    ++on_node[pod->node];
    ++in_phase[pod->phase];
  }
  std::string out;
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  json.number("node_count", view.nodes.size());
  json.number("namespace_count", view.namespaces.size());
  json.number("pod_count", view.pods.size());
  json.number("service_count", view.services.size());
  json.number("endpoint_slice_count", view.endpoint_slices.size());
  json.number("network_policy_count", view.network_policies.size());
  json.key("pods_by_phase");
  JsonObject phases(out);
  for (const auto& [phase, count] : in_phase) {
    phases.foreign_key(phase.empty() ? "Unknown" : phase);
    out += std::to_string(count);
  }
  phases.close();
  json.key("nodes");
  JsonArray nodes(out);
  for (const auto& node : view.nodes) {
    nodes.next();
    JsonObject item(out);
    append_node_fields(item, out, *node);
    item.number("pod_count", count_of(on_node, node->meta.name));
    item.close();
  }
  nodes.close();
  append_namespaces(json, out, view);
  append_index(json, out, view.stats);
  append_resources(json, out, view.status);
  json.time("last_updated", last_updated(snapshot));
  append_kubernetes(json, out, view.status);
  append_completeness(json, out, snapshot, {}, {}, missing_names(view));
  json.close();
  return out;
}

}  // namespace netprobe
