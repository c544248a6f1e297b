// SPDX-License-Identifier: Apache-2.0
#include "link/names_codec.h"

#include <algorithm>
#include <type_traits>

#include "link/proto/netprobe.pb.h"

namespace netprobe {
namespace {

using Map = google::protobuf::Map<std::string, std::string>;
using BytesList = google::protobuf::RepeatedPtrField<std::string>;

/// Times are kept in microseconds; no time that fits there is lost.
std::int64_t micros(Nanos time) { return time / kMicrosecond; }
Nanos nanos(std::int64_t time) {
  constexpr std::int64_t kMost = INT64_MAX / kMicrosecond;
  return std::clamp(time, -kMost, kMost) * kMicrosecond;
}

// --- to messages

void put(const KubeMeta& from, v1::Meta& to) {
  to.set_name(from.name);
  to.set_name_space(from.name_space);
  to.set_uid(from.uid);
  to.set_created(micros(from.created));
  to.set_deletion(micros(from.deletion));
}

void put(const KubeLabels& from, Map& to) {
  for (const auto& [key, value] : from) to[key] = value;
}

void put(const std::vector<IpAddress>& from, BytesList& to) {
  for (const IpAddress& address : from)
    to.Add(std::string(reinterpret_cast<const char*>(address.bytes().data()), 16));
}

void put(const KubeOwner& from, v1::Owner& to) {
  to.set_kind(from.kind);
  to.set_name(from.name);
  to.set_uid(from.uid);
}

void put(const std::vector<KubePort>& from, google::protobuf::RepeatedPtrField<v1::Port>& to) {
  for (const KubePort& port : from) {
    v1::Port& added = *to.Add();
    added.set_name(port.name);
    added.set_port(port.port);
    added.set_protocol(port.protocol);
    added.set_node_port(port.node_port);
  }
}

void put(const KubePod& from, v1::NameChange& change) {
  v1::Pod& to = *change.mutable_pod();
  put(from.meta, *to.mutable_meta());
  put(from.labels, *to.mutable_labels());
  if (from.controller) put(*from.controller, *to.mutable_controller());
  to.set_node(from.node);
  to.set_phase(from.phase);
  put(from.ips, *to.mutable_ips());
  to.set_host_network(from.host_network);
  to.set_started(micros(from.started));
  to.set_network_ready(micros(from.network_ready));
  for (const KubeContainer& container : from.containers) {
    v1::Container& added = *to.add_containers();
    added.set_name(container.name);
    added.set_id(container.id);
    added.set_started(micros(container.started));
    added.set_finished(micros(container.finished));
  }
  put(from.ports, *to.mutable_ports());
}

void put(const KubeService& from, v1::NameChange& change) {
  v1::Service& to = *change.mutable_service();
  put(from.meta, *to.mutable_meta());
  put(from.labels, *to.mutable_labels());
  to.set_type(from.type);
  to.set_headless(from.headless);
  put(from.cluster_ips, *to.mutable_cluster_ips());
  put(from.external_ips, *to.mutable_external_ips());
  put(from.load_balancer_ips, *to.mutable_load_balancer_ips());
  put(from.ports, *to.mutable_ports());
  put(from.selector, *to.mutable_selector());
}

void put(const KubeEndpointSlice& from, v1::NameChange& change) {
  v1::EndpointSlice& to = *change.mutable_endpoint_slice();
  put(from.meta, *to.mutable_meta());
  to.set_service(from.service);
  for (const KubeEndpoint& endpoint : from.endpoints) {
    v1::Endpoint& added = *to.add_endpoints();
    put(endpoint.addresses, *added.mutable_addresses());
    added.set_ready(endpoint.ready);
    added.set_node(endpoint.node);
    added.set_pod(endpoint.pod);
    added.set_pod_name_space(endpoint.pod_name_space);
    added.set_pod_uid(endpoint.pod_uid);
  }
  put(from.ports, *to.mutable_ports());
}

void put(const KubeNode& from, v1::NameChange& change) {
  v1::Node& to = *change.mutable_node();
  put(from.meta, *to.mutable_meta());
  put(from.labels, *to.mutable_labels());
  put(from.internal_ips, *to.mutable_internal_ips());
  put(from.external_ips, *to.mutable_external_ips());
  for (const IpPrefix& prefix : from.pod_cidrs) {
    v1::Prefix& added = *to.add_pod_cidrs();
    added.set_address(prefix.network().bytes().data(), 16);
    added.set_bits(static_cast<std::uint32_t>(prefix.bits()));
  }
  put(from.annotations, *to.mutable_annotations());
  to.set_kernel_version(from.kernel_version);
  to.set_kubelet_version(from.kubelet_version);
  to.set_ready(from.ready);
}

void put(const KubeNamespace& from, v1::NameChange& change) {
  v1::Namespace& to = *change.mutable_namespace_();
  put(from.meta, *to.mutable_meta());
  put(from.labels, *to.mutable_labels());
}

void put(const KubeController& from, v1::NameChange& change) {
  v1::Controller& to = *change.mutable_controller();
  to.set_kind(from.kind);
  put(from.meta, *to.mutable_meta());
  if (from.controller) put(*from.controller, *to.mutable_controller());
}

void put(const KubeNetworkPolicy& from, v1::NameChange& change) {
  v1::NetworkPolicy& to = *change.mutable_network_policy();
  put(from.meta, *to.mutable_meta());
  put(from.pod_selector, *to.mutable_pod_selector());
  to.set_has_expressions(from.has_expressions);
  to.set_ingress(from.ingress);
  to.set_egress(from.egress);
}

// --- and back

KubeMeta meta(const v1::Meta& from) {
  return {.name = from.name(),
          .name_space = from.name_space(),
          .uid = from.uid(),
          .created = nanos(from.created()),
          .deletion = nanos(from.deletion())};
}

KubeLabels labels(const Map& from) {
  KubeLabels result(from.begin(), from.end());
  std::ranges::sort(result);
  return result;
}

std::vector<IpAddress> addresses(const BytesList& from) {
  std::vector<IpAddress> result;
  for (const std::string& bytes : from)
    if (bytes.size() == 16)
      result.emplace_back(std::span<const std::uint8_t, 16>(
          reinterpret_cast<const std::uint8_t*>(bytes.data()), 16));
  return result;
}

KubeOwner owner(const v1::Owner& from) {
  return {.kind = from.kind(), .name = from.name(), .uid = from.uid()};
}

std::vector<KubePort> ports(const google::protobuf::RepeatedPtrField<v1::Port>& from) {
  std::vector<KubePort> result;
  for (const v1::Port& port : from) {
    if (port.port() > UINT16_MAX || port.node_port() > UINT16_MAX || port.protocol() > UINT8_MAX)
      continue;
    result.push_back({.name = port.name(),
                      .port = static_cast<std::uint16_t>(port.port()),
                      .protocol = static_cast<std::uint8_t>(port.protocol()),
                      .node_port = static_cast<std::uint16_t>(port.node_port())});
  }
  return result;
}

KubePodPtr object(const v1::Pod& from) {
  auto pod = std::make_shared<KubePod>();
  pod->meta = meta(from.meta());
  pod->labels = labels(from.labels());
  if (from.has_controller()) pod->controller = owner(from.controller());
  pod->node = from.node();
  pod->phase = from.phase();
  pod->ips = addresses(from.ips());
  pod->host_network = from.host_network();
  pod->started = nanos(from.started());
  pod->network_ready = nanos(from.network_ready());
  for (const v1::Container& container : from.containers())
    pod->containers.push_back({.name = container.name(),
                               .id = container.id(),
                               .started = nanos(container.started()),
                               .finished = nanos(container.finished())});
  pod->ports = ports(from.ports());
  return pod;
}

KubeServicePtr object(const v1::Service& from) {
  auto service = std::make_shared<KubeService>();
  service->meta = meta(from.meta());
  service->labels = labels(from.labels());
  service->type = from.type();
  service->headless = from.headless();
  service->cluster_ips = addresses(from.cluster_ips());
  service->external_ips = addresses(from.external_ips());
  service->load_balancer_ips = addresses(from.load_balancer_ips());
  service->ports = ports(from.ports());
  service->selector = labels(from.selector());
  return service;
}

KubeEndpointSlicePtr object(const v1::EndpointSlice& from) {
  auto slice = std::make_shared<KubeEndpointSlice>();
  slice->meta = meta(from.meta());
  slice->service = from.service();
  for (const v1::Endpoint& endpoint : from.endpoints())
    slice->endpoints.push_back({.addresses = addresses(endpoint.addresses()),
                                .ready = endpoint.ready(),
                                .node = endpoint.node(),
                                .pod = endpoint.pod(),
                                .pod_name_space = endpoint.pod_name_space(),
                                .pod_uid = endpoint.pod_uid()});
  slice->ports = ports(from.ports());
  return slice;
}

KubeNodePtr object(const v1::Node& from) {
  auto node = std::make_shared<KubeNode>();
  node->meta = meta(from.meta());
  node->labels = labels(from.labels());
  node->internal_ips = addresses(from.internal_ips());
  node->external_ips = addresses(from.external_ips());
  for (const v1::Prefix& prefix : from.pod_cidrs()) {
    if (prefix.address().size() != 16 || prefix.bits() > 128) continue;
    const IpAddress network(std::span<const std::uint8_t, 16>(
        reinterpret_cast<const std::uint8_t*>(prefix.address().data()), 16));
    const int bits = static_cast<int>(prefix.bits());
    if (network.is_v4() && bits < 96) continue;
    node->pod_cidrs.push_back(IpPrefix::of(network, network.is_v4() ? bits - 96 : bits));
  }
  node->annotations = labels(from.annotations());
  node->kernel_version = from.kernel_version();
  node->kubelet_version = from.kubelet_version();
  node->ready = from.ready();
  return node;
}

KubeNamespacePtr object(const v1::Namespace& from) {
  auto space = std::make_shared<KubeNamespace>();
  space->meta = meta(from.meta());
  space->labels = labels(from.labels());
  return space;
}

KubeControllerPtr object(const v1::Controller& from) {
  auto controller = std::make_shared<KubeController>();
  controller->kind = from.kind();
  controller->meta = meta(from.meta());
  if (from.has_controller()) controller->controller = owner(from.controller());
  return controller;
}

KubeNetworkPolicyPtr object(const v1::NetworkPolicy& from) {
  auto policy = std::make_shared<KubeNetworkPolicy>();
  policy->meta = meta(from.meta());
  policy->pod_selector = labels(from.pod_selector());
  policy->has_expressions = from.has_expressions();
  policy->ingress = from.ingress();
  policy->egress = from.egress();
  return policy;
}

}  // namespace

void encode_change(const KubeChange& change, v1::NameChange& to) {
  to.set_deleted(change.deleted);
  to.set_seen(micros(change.seen));
  std::visit([&](const auto& known) { put(*known, to); }, change.object);
}

Result<KubeChange> decode_change(const v1::NameChange& from) {
  KubeChange change;
  change.deleted = from.deleted();
  change.seen = nanos(from.seen());
  switch (from.object_case()) {
    case v1::NameChange::kPod:
      change.object = object(from.pod());
      break;
    case v1::NameChange::kService:
      change.object = object(from.service());
      break;
    case v1::NameChange::kEndpointSlice:
      change.object = object(from.endpoint_slice());
      break;
    case v1::NameChange::kNode:
      change.object = object(from.node());
      break;
    case v1::NameChange::kNamespace:
      change.object = object(from.namespace_());
      break;
    case v1::NameChange::kController:
      change.object = object(from.controller());
      break;
    case v1::NameChange::kNetworkPolicy:
      change.object = object(from.network_policy());
      break;
    case v1::NameChange::OBJECT_NOT_SET:
      return fail("a change of no object that this version knows");
  }
  const bool named =
      std::visit([](const auto& known) { return !known->meta.name.empty(); }, change.object);
  if (!named) return fail("a change of an object without a name");
  return change;
}

}  // namespace netprobe
