// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netprobe/events.h>
#include <netprobe/manager.h>
#include <netprobe/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

NETPROBE_BEGIN_API

struct IntegratorOptions {
  std::string context;    ///< of the kubeconfig; empty: its current one
  std::string node_name;  ///< this node's in the cluster; empty: the host name
  /// Of pods, those of this node alone; large clusters are spared.
  bool this_node_only = false;
  /// Names of networks outside the cluster, "office" to "192.0.2.0/24"; the longest
  /// prefix wins.
  std::vector<std::pair<std::string, std::string>> external_names;
  std::uint32_t max_flows = 131'072;
  Duration flow_idle_timeout = std::chrono::seconds(120);
};

/// How the connection to the Kubernetes API goes.
struct KubernetesStatus {
  /// "off" before start(); "connecting"; "synced"; "retrying": it was synced, and
  /// names may be old; "failed": the configuration cannot work as it is, and is
  /// tried again all the same.
  std::string state;
  std::string server;  ///< URL; empty where not known
  std::string source;  ///< where the configuration is from
  std::string error;   ///< one sentence; empty: all is well
  std::string server_version;
  Time synced_at;
  std::uint64_t nodes = 0;
  std::uint64_t namespaces = 0;
  std::uint64_t pods = 0;
  std::uint64_t services = 0;
};

/// Traffic that somebody saw, for the integrator to name and sum up. What is told
/// twice counts twice.
struct FlowEvent {
  Address source;
  Address destination;
  std::uint16_t source_port = 0;  ///< host byte order; 0 for protocols without
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = kTcp;
  Counters counters;      ///< more since the last event; from source to destination
  std::uint32_t vni = 0;  ///< of the VXLAN that it travelled in; 0 for none
  bool opens = false;     ///< a TCP SYN: `source` began the connection
  Time time;              ///< not known: now
};

/// Who has which address now. Pods and services are "namespace/name".
struct Topology {
  Time last_updated;
  std::map<Address, std::string> ip_to_pod;
  std::map<Address, std::string> ip_to_node;
  std::map<Address, std::string> ip_to_service;
  std::map<std::string, std::string> cidr_to_node;  ///< "10.244.1.0/24"
  std::map<std::uint32_t, std::vector<std::string>> vni_to_node;
};

struct FlannelNode {
  std::string node_name;
  Address internal_ip;
  std::vector<std::string> pod_cidrs;
  std::string backend_type;  ///< "vxlan", "host-gw", "wireguard" …
  Address public_ip;
  std::uint32_t vni = 0;
  std::string vtep_mac;  ///< "0a:58:0a:f4:01:01"; empty without
  std::string error;     ///< why its annotations could not be read
};

/// The Flannel network as its nodes declare it and, where a Manager is followed, as
/// this node's kernel really has it.
struct FlannelTopology {
  bool used = false;  ///< a node declares it, or a device of it is here
  Time last_updated;
  std::uint32_t vni = 0;   ///< of this node, else of most
  std::uint16_t port = 0;  ///< UDP; 0 where no device tells
  std::vector<FlannelNode> nodes;
  std::vector<std::string> findings;  ///< where both disagree, a sentence each
  std::string not_compared;           ///< why there can be no findings; empty: they were
};

/// Flows since the start, each once; a flow of which more may be learned is
/// counted up to ten seconds later. Distributions are of live flows.
struct TrafficStats {
  Time last_updated;
  std::uint64_t total_flows = 0;
  std::uint64_t intra_node_flows = 0;
  std::uint64_t inter_node_flows = 0;
  std::uint64_t pod_to_pod_flows = 0;
  std::uint64_t service_flows = 0;
  std::uint64_t external_flows = 0;
  std::uint64_t vxlan_flows = 0;
  std::map<std::string, std::uint64_t> protocol_distribution;
  std::map<std::uint16_t, std::uint64_t> port_distribution;  ///< of destinations
  /// Bytes from node to node; ends outside the cluster are "external".
  std::map<std::string, std::map<std::string, std::uint64_t>> node_traffic_matrix;
  std::uint64_t missed = 0;  ///< batches of changes of a Manager that came too fast
};

/// Who an address belongs to.
struct Identity {
  std::string kind;  ///< "pod", "service", "node" or "external"; empty: nobody known
  std::string name;
  std::string name_space;  ///< empty for nodes
  std::string workload_kind;
  std::string workload;  ///< the Deployment on top of a pod, not its ReplicaSet
  std::string node;
};

/// A flow with its names.
struct NamedFlow {
  Flow flow;
  Identity source;
  Identity destination;  ///< of a service flow, the backend where it is known
  Identity service;      ///< that it was sent to
};

/// Names addresses by the objects of a Kubernetes cluster, at the time that they
/// flowed, and sums up flows by them. Listens to the API server on a thread of its
/// own, which takes no signals; methods may be called from any thread, take turns,
/// and wait for nothing but each other.
class NETPROBE_API NetworkIntegrator {
 public:
  /// `kubeconfig`: a file; empty: the service account of this pod. A file that is
  /// missing or wrong is told by status() once it has been started, and read again:
  /// it may be mended. Errors are those of `options` (kUsage).
  [[nodiscard]] static Result<NetworkIntegrator> create(const std::string& kubeconfig,
                                                        IntegratorOptions options = {});
  NetworkIntegrator(NetworkIntegrator&& other) noexcept;
  NetworkIntegrator& operator=(NetworkIntegrator&& other) noexcept;
  ~NetworkIntegrator();  ///< stops

  /// Begins to list and watch. Once; kUsage for a second time.
  [[nodiscard]] Result<void> start();
  /// Ends the thread within a second; what is known stays and can be read.
  /// Idempotent.
  void stop();
  [[nodiscard]] KubernetesStatus status() const;

  /// Traffic from wherever.
  void handle_event(const FlowEvent& event);
  /// All flows of a Manager from now on, exactly as it sums them up; instead of
  /// those of the one before. Ends with either of the two.
  void follow(const Manager& manager);

  [[nodiscard]] Topology topology() const;
  [[nodiscard]] FlannelTopology flannel_topology() const;
  [[nodiscard]] TrafficStats traffic_stats() const;
  [[nodiscard]] std::vector<NamedFlow> flows() const;
  /// Who has the address now.
  [[nodiscard]] Identity lookup(const Address& address) const;

  class Impl;

 private:
  friend class Collector;
  explicit NetworkIntegrator(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;
};

NETPROBE_END_API
