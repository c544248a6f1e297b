// SPDX-License-Identifier: Apache-2.0
#include "kube/client/decode_parts.h"

namespace netprobe::kube {
namespace {

constexpr std::string_view kFlannelPrefix = "flannel.alpha.coreos.com/";
constexpr std::string_view kServiceLabel = "kubernetes.io/service-name";
constexpr std::string_view kHostnameLabel = "kubernetes.io/hostname";

void decode_service_spec(JsonElement spec, KubeService& service, DecodeCounts& counts) {
  service.type = text(spec, "type");
  service.selector = decode_labels(spec, "selector");
  if (text_view(spec, "clusterIP") == "None") {
    service.headless = true;
  } else {
    add_addresses(service.cluster_ips, spec, "clusterIPs", counts);
    if (service.cluster_ips.empty())
      add_address(service.cluster_ips, text_view(spec, "clusterIP"), counts);
  }
  add_addresses(service.external_ips, spec, "externalIPs", counts);
  for_each(spec, "ports", [&](JsonElement from) {
    service.ports.push_back({.name = text(from, "name"),
                             .port = port_number(from, "port"),
                             .protocol = decode_protocol(from),
                             .node_port = port_number(from, "nodePort")});
  });
}

KubeEndpoint decode_endpoint(JsonElement from, DecodeCounts& counts) {
  KubeEndpoint endpoint;
  add_addresses(endpoint.addresses, from, "addresses", counts);
  // Unknown means ready (discovery/v1, EndpointConditions).
  with_object(from, "conditions",
              [&](JsonElement conditions) { endpoint.ready = flag(conditions, "ready", true); });
  endpoint.node = text(from, "nodeName");
  if (endpoint.node.empty()) {
    // v1beta1 before it had nodeName.
    with_object(from, "topology",
                [&](JsonElement topology) { endpoint.node = text(topology, kHostnameLabel); });
  }
  with_object(from, "targetRef", [&](JsonElement target) {
    if (text_view(target, "kind") != "Pod") return;
    endpoint.pod = text(target, "name");
    endpoint.pod_name_space = text(target, "namespace");
    endpoint.pod_uid = text(target, "uid");
  });
  return endpoint;
}

void decode_node_status(JsonElement status, KubeNode& node, DecodeCounts& counts) {
  for_each(status, "addresses", [&](JsonElement address) {
    const auto type = text_view(address, "type");
    if (type == "InternalIP") add_address(node.internal_ips, text_view(address, "address"), counts);
    if (type == "ExternalIP") add_address(node.external_ips, text_view(address, "address"), counts);
  });
  with_object(status, "nodeInfo", [&](JsonElement info) {
    node.kernel_version = text(info, "kernelVersion");
    node.kubelet_version = text(info, "kubeletVersion");
  });
  for_each(status, "conditions", [&](JsonElement condition) {
    if (text_view(condition, "type") == "Ready")
      node.ready = text_view(condition, "status") == "True";
  });
}

void add_prefix(std::vector<IpPrefix>& to, std::string_view text, DecodeCounts& counts) {
  if (text.empty()) return;
  if (const auto prefix = IpPrefix::parse(text))
    to.push_back(*prefix);
  else
    ++counts.addresses;
}

void decode_node_spec(JsonElement spec, KubeNode& node, DecodeCounts& counts) {
  for_each(spec, "podCIDRs", [&](JsonElement value) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS)
      add_prefix(node.pod_cidrs, text, counts);
    else
      ++counts.addresses;
  });
  if (node.pod_cidrs.empty()) add_prefix(node.pod_cidrs, text_view(spec, "podCIDR"), counts);
}

}  // namespace

void decode_service(JsonElement from, KubeService& service, DecodeCounts& counts) {
  with_object(from, "metadata",
              [&](JsonElement metadata) { service.labels = decode_labels(metadata, "labels"); });
  with_object(from, "spec", [&](JsonElement spec) { decode_service_spec(spec, service, counts); });
  with_object(from, "status", [&](JsonElement status) {
    with_object(status, "loadBalancer", [&](JsonElement balancer) {
      for_each(balancer, "ingress", [&](JsonElement ingress) {
        add_address(service.load_balancer_ips, text_view(ingress, "ip"), counts);
      });
    });
  });
}

void decode_endpoint_slice(JsonElement from, KubeEndpointSlice& slice, DecodeCounts& counts) {
  with_object(from, "metadata", [&](JsonElement metadata) {
    with_object(metadata, "labels",
                [&](JsonElement labels) { slice.service = text(labels, kServiceLabel); });
  });
  for_each(from, "ports", [&](JsonElement port) {
    slice.ports.push_back({.name = text(port, "name"),
                           .port = port_number(port, "port"),
                           .protocol = decode_protocol(port)});
  });
  // Host names are no addresses, and nothing is wrong with them.
  if (text_view(from, "addressType") == "FQDN") return;
  for_each(from, "endpoints", [&](JsonElement endpoint) {
    slice.endpoints.push_back(decode_endpoint(endpoint, counts));
  });
}

void decode_node(JsonElement from, KubeNode& node, DecodeCounts& counts) {
  with_object(from, "metadata", [&](JsonElement metadata) {
    node.labels = decode_labels(metadata, "labels");
    node.annotations = decode_labels(metadata, "annotations");
    std::erase_if(node.annotations, [](const auto& annotation) {
      return !annotation.first.starts_with(kFlannelPrefix);
    });
  });
  with_object(from, "spec", [&](JsonElement spec) { decode_node_spec(spec, node, counts); });
  with_object(from, "status",
              [&](JsonElement status) { decode_node_status(status, node, counts); });
}

void decode_policy(JsonElement from, KubeNetworkPolicy& policy) {
  with_object(from, "spec", [&](JsonElement spec) {
    with_object(spec, "podSelector", [&](JsonElement selector) {
      policy.pod_selector = decode_labels(selector, "matchLabels");
      for_each(selector, "matchExpressions", [&](JsonElement) { policy.has_expressions = true; });
    });
    bool typed = false;
    for_each(spec, "policyTypes", [&](JsonElement type) {
      std::string_view name;
      if (type.get(name) != simdjson::SUCCESS) return;
      typed = true;
      policy.ingress |= name == "Ingress";
      policy.egress |= name == "Egress";
    });
    if (typed) return;
    // The default (networking/v1, NetworkPolicySpec.policyTypes).
    policy.ingress = true;
    for_each(spec, "egress", [&](JsonElement) { policy.egress = true; });
  });
}

}  // namespace netprobe::kube
