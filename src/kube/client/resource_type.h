// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace netprobe::kube {

enum class ResourceKind : std::uint8_t {
  kNode,
  kNamespace,
  kPod,
  kService,
  kEndpointSlice,
  kReplicaSet,
  kJob,
  kNetworkPolicy,
};

/// What is listed and watched, and where.
struct ResourceType {
  ResourceKind kind;
  std::string_view name;
  std::string_view path;
  /// Tried where the server does not have `path`; empty: there is none.
  std::string_view older_path;
  /// Nothing but metadata is used, so nothing else is asked for
  /// (PartialObjectMetadata); a server that does not know that sends all.
  bool metadata_only;
};

inline constexpr std::array kResourceTypes{
    ResourceType{ResourceKind::kNode, "nodes", "/api/v1/nodes", "", false},
    ResourceType{ResourceKind::kNamespace, "namespaces", "/api/v1/namespaces", "", true},
    ResourceType{ResourceKind::kService, "services", "/api/v1/services", "", false},
    ResourceType{ResourceKind::kPod, "pods", "/api/v1/pods", "", false},
    ResourceType{ResourceKind::kEndpointSlice, "endpointslices",
                 "/apis/discovery.k8s.io/v1/endpointslices",
                 "/apis/discovery.k8s.io/v1beta1/endpointslices", false},
    ResourceType{ResourceKind::kReplicaSet, "replicasets", "/apis/apps/v1/replicasets", "", true},
    ResourceType{ResourceKind::kJob, "jobs", "/apis/batch/v1/jobs", "", true},
    ResourceType{ResourceKind::kNetworkPolicy, "networkpolicies",
                 "/apis/networking.k8s.io/v1/networkpolicies", "", false},
};

}  // namespace netprobe::kube
