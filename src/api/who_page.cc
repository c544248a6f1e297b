// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/completeness.h"
#include "api/context.h"
#include "api/kube_json.h"
#include "api/names.h"
#include "api/who_query.h"
#include "base/duration.h"
#include "model/flow.h"
#include "model/identity_json.h"
#include "model/identity_names.h"

namespace netprobe {
namespace {

/// The object of that namespace and name; lists are sorted so.
template <typename Pointer>
Pointer object_of(const std::vector<Pointer>& list, std::string_view name_space,
                  std::string_view name) {
  const auto key = [](const Pointer& each) {
    return std::pair<std::string_view, std::string_view>(each->meta.name_space, each->meta.name);
  };
  const std::pair wanted(name_space, name);
  const auto found = std::ranges::lower_bound(list, wanted, {}, key);
  return found != list.end() && key(*found) == wanted ? *found : nullptr;
}

/// The object behind an identity, if it is that very one still.
template <typename Pointer>
Pointer object_of(const std::vector<Pointer>& list, const Identity& identity) {
  auto object = object_of(list, identity.name_space, identity.name);
  const bool same = object && (identity.uid.empty() || object->meta.uid == identity.uid);
  return same ? object : nullptr;
}

const AddressClaim* claim_at(std::span<const AddressClaim> claims, const Snapshot& snapshot,
                             const WhoQuery& query) {
  const Nanos at = query.at.value_or(snapshot.taken_at);
  return claim_between(claims, at, at);
}

/// 404, with what would have helped.
HttpResponse nobody(const Snapshot& snapshot, const WhoQuery& query, IdentityKind wanted) {
  const std::string ip = query.ip.to_string();
  const std::string kind(to_string(wanted));
  std::string detail = "no " + kind + " " + (query.at ? "had " : "has ") + ip;
  if (query.at) detail += " at " + format_rfc3339(*query.at);
  const KubeView& view = *snapshot.kube;
  if (view.status.state == KubeState::kOff)
    return problem(404, detail + ": this agent was not told of a cluster; see --kubeconfig");
  for (const auto* claims : {&view.claims, &view.service_addresses}) {
    const auto all = claims_of(*claims, query.ip);
    if (const auto* claim = claim_at(all, snapshot, query))
      return problem(404, detail + ": it is the address of " +
                              std::string(to_string(claim->identity->kind)) + " " +
                              claim->identity->full_name());
    if (!all.empty())
      return problem(
          404,
          detail + ": " + std::string(to_string(all.back().identity->kind)) + " " +
              all.back().identity->full_name() + " had it from " + format_rfc3339(all.back().from) +
              (all.back().until == 0 ? std::string() : " to " + format_rfc3339(all.back().until)) +
              "; ask for a time with at=");
  }
  if (view.status.state != KubeState::kSynced)
    detail +=
        ": what this agent knows of the cluster may be old or not yet whole; see kubernetes in "
        "/api/cluster";
  return problem(404, detail);
}

void append_claim(JsonObject& json, std::string& out, const AddressClaim& claim) {
  json.key("claim");
  JsonObject inner(out);
  append_time_or_null(inner, "from", claim.from);
  append_time_or_null(inner, "until", claim.until);
  inner.close();
}

/// All who are known to have had the address, oldest first.
void append_history(JsonObject& json, std::string& out, std::span<const AddressClaim> claims) {
  json.key("history");
  JsonArray list(out);
  for (const AddressClaim& claim : claims) {
    list.next();
    JsonObject item(out);
    item.text("kind", to_string(claim.identity->kind));
    item.text("name", claim.identity->full_name());
    item.text("uid", claim.identity->uid);
    append_time_or_null(item, "from", claim.from);
    append_time_or_null(item, "until", claim.until);
    item.close();
  }
  list.close();
}

void append_ports(JsonObject& json, std::string& out, const std::vector<KubePort>& ports) {
  json.key("ports");
  JsonArray list(out);
  for (const KubePort& port : ports) {
    list.next();
    JsonObject item(out);
    item.text("name", port.name);
    item.number("port", port.port);
    item.text("protocol", protocol_name(port.protocol));
    if (port.node_port != 0) item.number("node_port", port.node_port);
    item.close();
  }
  list.close();
}

/// What an identity tells; it was so at the time asked for.
void append_identity_fields(JsonObject& json, std::string& out, const Identity& identity) {
  json.text("name", identity.name);
  json.text("namespace", identity.name_space);
  json.text("uid", identity.uid);
  json.text("workload", workload_name(identity));
  json.text("node", node_of(identity));
  json.text("zone", identity.zone);
  json.text("node_pool", identity.node_pool);
  append_labels(json, out, "labels", identity.labels);
}

/// Names of the services that send to the pod.
void append_services_of(JsonObject& json, std::string& out, const KubeView& view,
                        const Identity& pod) {
  std::vector<std::string> services;
  for (const auto& slice : view.endpoint_slices) {
    if (slice->meta.name_space != pod.name_space || slice->service.empty()) continue;
    const bool has = std::ranges::any_of(
        slice->endpoints, [&](const KubeEndpoint& each) { return each.pod == pod.name; });
    if (has) services.push_back(slice->meta.name_space + "/" + slice->service);
  }
  std::ranges::sort(services);
  services.erase(std::ranges::unique(services).begin(), services.end());
  json.key("services");
  JsonArray list(out);
  for (const std::string& service : services) list.text(service);
  list.close();
}

void append_containers(JsonObject& json, std::string& out, const KubePod& pod) {
  json.key("containers");
  JsonArray list(out);
  for (const KubeContainer& container : pod.containers) {
    list.next();
    JsonObject item(out);
    item.text("name", container.name);
    item.text("id", container.id);
    append_time_or_null(item, "started", container.started);
    append_time_or_null(item, "finished", container.finished);
    item.close();
  }
  list.close();
}

void append_pod(JsonObject& json, std::string& out, const KubeView& view,
                const Identity& identity) {
  json.key("pod");
  JsonObject inner(out);
  append_identity_fields(inner, out, identity);
  inner.flag("host_network", identity.host_network);
  const auto pod = object_of(view.pods, identity);
  inner.flag("exists", pod != nullptr);
  if (pod) {
    inner.text("phase", pod->phase);
    append_addresses(inner, out, "ips", pod->ips);
    append_time_or_null(inner, "created", pod->meta.created);
    append_time_or_null(inner, "started", pod->started);
    append_containers(inner, out, *pod);
    append_ports(inner, out, pod->ports);
    append_services_of(inner, out, view, identity);
  }
  inner.close();
}

void append_endpoints(JsonObject& json, std::string& out, const KubeView& view,
                      const Identity& service) {
  json.key("endpoints");
  JsonArray list(out);
  for (const auto& slice : view.endpoint_slices) {
    if (slice->meta.name_space != service.name_space || slice->service != service.name) continue;
    for (const KubeEndpoint& endpoint : slice->endpoints) {
      for (const IpAddress& address : endpoint.addresses) {
        list.next();
        JsonObject item(out);
        item.address("ip", address);
        if (!endpoint.pod.empty()) item.text("pod", endpoint.pod_name_space + "/" + endpoint.pod);
        if (!endpoint.node.empty()) item.text("node", endpoint.node);
        item.flag("ready", endpoint.ready);
        item.close();
      }
    }
  }
  list.close();
}

void append_service(JsonObject& json, std::string& out, const KubeView& view,
                    const Identity& identity) {
  json.key("service");
  JsonObject inner(out);
  inner.text("name", identity.name);
  inner.text("namespace", identity.name_space);
  inner.text("uid", identity.uid);
  append_labels(inner, out, "labels", identity.labels);
  const auto service = object_of(view.services, identity);
  inner.flag("exists", service != nullptr);
  if (service) {
    inner.text("type", service->type);
    inner.flag("headless", service->headless);
    append_addresses(inner, out, "cluster_ips", service->cluster_ips);
    append_addresses(inner, out, "external_ips", service->external_ips);
    append_addresses(inner, out, "load_balancer_ips", service->load_balancer_ips);
    append_ports(inner, out, service->ports);
    append_labels(inner, out, "selector", service->selector);
    append_endpoints(inner, out, view, identity);
  }
  inner.close();
}

/// Begins an answer: what was asked.
void append_question(JsonObject& json, const Snapshot& snapshot, const WhoQuery& query) {
  json.address("ip", query.ip);
  json.time("at", query.at.value_or(snapshot.taken_at));
}

HttpResponse finished(JsonObject& json, std::string& out, const Snapshot& snapshot) {
  append_kubernetes(json, out, snapshot.kube->status);
  append_completeness(json, out, snapshot, {}, {}, missing_names(*snapshot.kube));
  json.close();
  return json_response(std::move(out));
}

}  // namespace

HttpResponse pod_answer(const Snapshot& snapshot, const WhoQuery& query) {
  const KubeView& view = *snapshot.kube;
  const auto claims = claims_of(view.claims, query.ip);
  const auto* claim = claim_at(claims, snapshot, query);
  if (claim == nullptr || claim->identity->kind != IdentityKind::kPod)
    return nobody(snapshot, query, IdentityKind::kPod);
  std::string out;
  JsonObject json(out);
  append_question(json, snapshot, query);
  append_pod(json, out, view, *claim->identity);
  append_claim(json, out, *claim);
  append_history(json, out, claims);
  return finished(json, out, snapshot);
}

HttpResponse service_answer(const Snapshot& snapshot, const WhoQuery& query) {
  const KubeView& view = *snapshot.kube;
  const auto claims = claims_of(view.service_addresses, query.ip);
  const auto* claim = claim_at(claims, snapshot, query);
  if (claim == nullptr) return nobody(snapshot, query, IdentityKind::kService);
  std::string out;
  JsonObject json(out);
  append_question(json, snapshot, query);
  append_service(json, out, view, *claim->identity);
  append_claim(json, out, *claim);
  append_history(json, out, claims);
  return finished(json, out, snapshot);
}

HttpResponse node_answer(const Snapshot& snapshot, const WhoQuery& query) {
  const KubeView& view = *snapshot.kube;
  const auto claims = claims_of(view.claims, query.ip);
  const auto* claim = claim_at(claims, snapshot, query);
  if (claim == nullptr || node_of(*claim->identity).empty())
    return nobody(snapshot, query, IdentityKind::kNode);
  const Identity& identity = *claim->identity;
  const bool own = identity.kind == IdentityKind::kNode;
  const auto node = object_of(view.nodes, "", node_of(identity));
  std::string out;
  JsonObject json(out);
  append_question(json, snapshot, query);
  // Whose address it is: the node's own, or that of a pod on it.
  json.text("by", own ? "address" : "pod");
  if (!own) json.text("pod", identity.full_name());
  json.key("node");
  JsonObject inner(out);
  if (node) {
    append_node_fields(inner, out, *node);
  } else {
    inner.text("name", node_of(identity));
  }
  inner.flag("exists", node != nullptr);
  inner.close();
  append_claim(json, out, *claim);
  append_history(json, out, claims);
  return finished(json, out, snapshot);
}

}  // namespace netprobe
