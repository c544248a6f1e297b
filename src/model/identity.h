// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "model/kube.h"
#include "model/shared_labels.h"

namespace netprobe {

struct Flow;

enum class IdentityKind : std::uint8_t {
  kPod,
  kService,
  kNode,
  kExternal,  ///< an address outside the cluster to which the configuration gives a name
};
[[nodiscard]] std::string_view to_string(IdentityKind kind);

/// Who an address was: immutable, shared by every flow of the same. A pod whose
/// labels change is another Identity from then on.
struct Identity {
  IdentityKind kind = IdentityKind::kPod;
  std::string name;        ///< of the pod, service or node; of the CIDR for kExternal
  std::string name_space;  ///< empty for nodes and external addresses
  /// The workload on top of the chain of owners: "Deployment" "web", not its
  /// ReplicaSet; a pod of its own is "Pod" and its name. Services: "Service".
  std::string workload_kind;
  std::string workload;
  std::string node;
  std::string zone;       ///< topology.kubernetes.io/zone of the node
  std::string node_pool;  ///< by the labels of the large providers; empty: none
  std::string uid;
  SharedLabels labels;  ///< pods of one workload share them
  bool host_network = false;

  /// "namespace/name", or the name alone where there is no namespace.
  [[nodiscard]] std::string full_name() const;
};
using IdentityPtr = std::shared_ptr<const Identity>;

/// How the service of a flow is known.
enum class ServiceBy : std::uint8_t {
  kNone,
  kAddress,    ///< the flow was sent to an address of the service
  kNodePort,   ///< to its port at a node
  kEndpoints,  ///< to a backend that is of this service alone (EndpointSlices)
};
[[nodiscard]] std::string_view to_string(ServiceBy by);

/// Both ends are pods.
[[nodiscard]] bool is_pod_to_pod(const Flow& flow);
/// It was sent to a service.
[[nodiscard]] bool is_service_flow(const Flow& flow);
/// One end is outside the cluster: it has the name of an external network, or no
/// name and the flow goes out or comes in. Without Kubernetes: outside the node.
[[nodiscard]] bool is_external_flow(const Flow& flow);

/// An address was somebody's from `from` to `until`.
struct AddressClaim {
  IpAddress address;
  IdentityPtr identity;
  Nanos from = 0;   ///< wall
  Nanos until = 0;  ///< wall; 0: still
};

/// What identity work cost and met, for metrics. Since the start.
struct IdentityStats {
  std::uint64_t addresses = 0;  ///< with a holder now
  std::uint64_t claims = 0;     ///< kept, of now and before
  std::uint64_t bytes = 0;      ///< of the index, estimated
  std::uint64_t changes = 0;    ///< applied
  std::uint64_t conflicts = 0;  ///< an address that two living pods claimed; the newer has it
  std::uint64_t skipped = 0;    ///< claims that could not be: no valid address or name
  std::uint64_t evicted = 0;    ///< old claims that were forgotten before their time: index full
};

/// The cluster as of one moment, for readers. Immutable. Lists are sorted: by
/// namespace and name, claims by address and time.
struct KubeView {
  KubeStatus status;
  Nanos updated = 0;             ///< wall: when anything in it last changed
  std::uint64_t generation = 0;  ///< grows with every change
  std::vector<KubeNodePtr> nodes;
  std::vector<KubeNamespacePtr> namespaces;
  std::vector<KubePodPtr> pods;
  std::vector<KubeServicePtr> services;
  std::vector<KubeEndpointSlicePtr> endpoint_slices;
  std::vector<KubeNetworkPolicyPtr> network_policies;
  std::vector<AddressClaim> claims;  ///< pods and nodes, and of pods those that are past
  std::vector<AddressClaim> service_addresses;
  /// Containers of pods that use this node's own address, by id; also of those
  /// that are gone, for a while.
  std::vector<std::pair<std::string, IdentityPtr>> host_containers;
  IdentityStats stats;
};
using KubeViewPtr = std::shared_ptr<const KubeView>;

}  // namespace netprobe
