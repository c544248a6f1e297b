// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"

/// Objects of the Kubernetes API as far as NetProbe uses them: what no stage
/// reads is not kept. Immutable once made, and shared. Times are wall clock; 0
/// means that the object does not have it. Text is valid UTF-8, as the API
/// server sent it.
/// Source: kubernetes.io/docs/reference/kubernetes-api (core/v1, discovery/v1,
/// apps/v1, batch/v1, networking/v1).
namespace netprobe {

/// Sorted by name.
using KubeLabels = std::vector<std::pair<std::string, std::string>>;

struct KubeMeta {
  std::string name;
  std::string name_space;  ///< empty for what has none (nodes, namespaces)
  std::string uid;
  Nanos created = 0;  ///< whole seconds
  /// metadata.deletionTimestamp: when it will be gone at the latest, as it was
  /// asked to end; whole seconds.
  Nanos deletion = 0;
};

/// The owner that is a controller (metadata.ownerReferences[].controller).
struct KubeOwner {
  std::string kind;  ///< "ReplicaSet", "DaemonSet", "Job" …
  std::string name;
  std::string uid;
};

struct KubeContainer {
  std::string name;
  std::string id;      ///< without its runtime ("containerd://"); empty: not started yet
  Nanos started = 0;   ///< of its newest run
  Nanos finished = 0;  ///< of its newest run; 0 while it runs
};

struct KubePort {
  std::string name;
  std::uint16_t port = 0;
  std::uint8_t protocol = 6;    ///< IANA number: TCP 6, UDP 17, SCTP 132
  std::uint16_t node_port = 0;  ///< of a service; 0 without
};

struct KubePod {
  KubeMeta meta;
  KubeLabels labels;
  std::optional<KubeOwner> controller;
  std::string node;            ///< empty: not scheduled
  std::string phase;           ///< "Pending", "Running", "Succeeded", "Failed", "Unknown"
  std::vector<IpAddress> ips;  ///< status.podIPs, valid ones
  bool host_network = false;
  Nanos started = 0;        ///< status.startTime: the kubelet took it; before it has an address
  Nanos network_ready = 0;  ///< condition PodReadyToStartContainers (1.29): it has its address
  std::vector<KubeContainer> containers;  ///< of all kinds, init ones too
  std::vector<KubePort> ports;            ///< containerPort or hostPort, as declared
};

struct KubeService {
  KubeMeta meta;
  KubeLabels labels;
  std::string type;  ///< "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"
  bool headless = false;
  std::vector<IpAddress> cluster_ips;
  std::vector<IpAddress> external_ips;
  std::vector<IpAddress> load_balancer_ips;
  std::vector<KubePort> ports;
  KubeLabels selector;
};

struct KubeEndpoint {
  std::vector<IpAddress> addresses;
  bool ready = true;
  std::string node;
  std::string pod;  ///< targetRef of kind Pod: its name; empty without
  std::string pod_name_space;
  std::string pod_uid;
};

/// discovery.k8s.io/v1 or v1beta1.
struct KubeEndpointSlice {
  KubeMeta meta;
  std::string service;  ///< label kubernetes.io/service-name; empty: of none
  std::vector<KubeEndpoint> endpoints;
  std::vector<KubePort> ports;
};

struct KubeNode {
  KubeMeta meta;
  KubeLabels labels;
  std::vector<IpAddress> internal_ips;
  std::vector<IpAddress> external_ips;
  std::vector<IpPrefix> pod_cidrs;
  /// Only those that a network plugin is described by: flannel.alpha.coreos.com/*.
  KubeLabels annotations;
  std::string kernel_version;
  std::string kubelet_version;
  bool ready = false;
};

struct KubeNamespace {
  KubeMeta meta;
  KubeLabels labels;
};

/// A ReplicaSet or Job, which stands between a pod and its workload.
struct KubeController {
  std::string kind;
  KubeMeta meta;
  std::optional<KubeOwner> controller;
};

struct KubeNetworkPolicy {
  KubeMeta meta;
  KubeLabels pod_selector;  ///< matchLabels; empty and no expressions: all pods of the namespace
  bool has_expressions = false;
  bool ingress = false;  ///< policyTypes
  bool egress = false;
};

using KubePodPtr = std::shared_ptr<const KubePod>;
using KubeServicePtr = std::shared_ptr<const KubeService>;
using KubeEndpointSlicePtr = std::shared_ptr<const KubeEndpointSlice>;
using KubeNodePtr = std::shared_ptr<const KubeNode>;
using KubeNamespacePtr = std::shared_ptr<const KubeNamespace>;
using KubeControllerPtr = std::shared_ptr<const KubeController>;
using KubeNetworkPolicyPtr = std::shared_ptr<const KubeNetworkPolicy>;
using KubeObject = std::variant<KubePodPtr, KubeServicePtr, KubeEndpointSlicePtr, KubeNodePtr,
                                KubeNamespacePtr, KubeControllerPtr, KubeNetworkPolicyPtr>;

/// What the API server told. Changes of one object come in order; an object
/// that vanished while nobody listened is told as deleted after a relist, with
/// what was last known of it.
struct KubeChange {
  bool deleted = false;
  Nanos seen = 0;  ///< when it was read from the server
  KubeObject object;
};

enum class KubeState : std::uint8_t {
  kOff,         ///< nobody asked for Kubernetes
  kConnecting,  ///< not synced since the start
  kSynced,
  kRetrying,  ///< was synced; the server does not answer: names may be old
  kFailed,    ///< configuration that cannot work as it is; tried again all the same
};
[[nodiscard]] std::string_view to_string(KubeState state);

/// How one list+watch goes. Counters since the start.
struct KubeResourceStatus {
  std::string name;  ///< "pods", "services", "endpointslices" …
  bool synced = false;
  std::uint64_t objects = 0;        ///< known now
  std::uint64_t lists = 0;          ///< begun; more than one: relists
  std::uint64_t watches = 0;        ///< begun
  std::uint64_t events = 0;         ///< of watches, bookmarks aside
  std::uint64_t skipped = 0;        ///< objects that could not be read; counted each time
  std::uint64_t bad_addresses = 0;  ///< left out of objects that were taken otherwise
  std::uint64_t failures = 0;       ///< requests that failed
  Nanos last_contact = 0;           ///< the server last said anything of it
  std::string error;                ///< of the last request; empty: it went well
};

/// How the connection to the Kubernetes API goes.
struct KubeStatus {
  KubeState state = KubeState::kOff;
  std::string server;   ///< URL
  std::string source;   ///< where the configuration is from: "in-cluster", or a file and context
  std::string error;    ///< one sentence; empty: all is well
  Nanos synced_at = 0;  ///< when everything was first known; 0 never
  Nanos last_contact = 0;
  std::string server_version;
  std::vector<KubeResourceStatus> resources;
};

}  // namespace netprobe
