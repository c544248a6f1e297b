// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "kube/identity/address_book.h"
#include "kube/identity/endpoints.h"
#include "kube/identity/label_pool.h"
#include "kube/identity/nodes.h"
#include "kube/identity/object_list.h"
#include "kube/identity/pods.h"
#include "kube/identity/services.h"
#include "kube/identity/workloads.h"
#include "model/identity.h"
#include "model/kube.h"

namespace netprobe {

struct IdentityOptions {
  std::string node_name;  ///< this node's
  /// Names of networks outside the cluster; the longest prefix wins.
  std::vector<std::pair<std::string, IpPrefix>> external_names;
  std::size_t max_claims = 400'000;  ///< addresses of pods, of now and before; ends of services
  Nanos keep_past = 900 * kSecond;   ///< how long what is past is known
};

/// Who had which address when, and what is behind a service: built from the
/// changes of the Kubernetes API. What it knows of a time does not depend on
/// when and in which order it learned it. docs/identity.md. One thread.
class IdentityIndex {
 public:
  explicit IdentityIndex(IdentityOptions options);

  void apply(const KubeChange& change);
  /// Forgets some of what is past for longer than `keep_past`.
  void tick(Nanos wall_now);

  /// The pod or node that had the address at `from`; else the first that had
  /// it until `until`, inclusive; null: nobody known. All results of look-ups
  /// are valid until the next apply() or tick().
  [[nodiscard]] const IdentityPtr* find(const IpAddress& address, Nanos from, Nanos until) const {
    return book_.find(address, from, until);
  }
  /// The pod of a container, by the runtime's id.
  [[nodiscard]] const IdentityPtr* by_container(std::string_view id) const {
    return pods_.by_container(id);
  }
  /// Are there pods on this node that only their processes tell from the node?
  [[nodiscard]] bool has_host_pods() const { return pods_.has_host_pods(options_.node_name); }
  using End = EndpointTable::End;
  /// The one pod that EndpointSlices put behind this end; also where it uses
  /// its node's address.
  [[nodiscard]] const IdentityPtr* by_endpoint(const End& end, Nanos at) const;

  using Service = ServiceTable::Match;
  /// `end` is an address of a service.
  [[nodiscard]] Service service_at(const End& end, Nanos at) const {
    return services_.by_address(end.address, end.port, end.protocol, at);
  }
  /// The port is open at every node for a service.
  [[nodiscard]] Service service_at_node_port(const End& end, Nanos at) const {
    return services_.by_node_port(end.port, end.protocol, at);
  }
  /// The service that alone has this end; null: none, or several. `holder`: who
  /// has the address then; may be null.
  [[nodiscard]] const IdentityPtr* service_of(const End& end, Nanos at,
                                              const Identity* holder) const;
  /// The only ready backend of the service in the family of `address`; null:
  /// none, or several.
  [[nodiscard]] const IpAddress* only_backend(const Service& service,
                                              const IpAddress& address) const {
    return endpoints_.only_backend(service.name, address.is_v4());
  }

  /// Whoever has this address is not of the cluster: it is of the Internet, and
  /// not of a network that a node gives its pods. False while no node is known.
  [[nodiscard]] bool is_outside(const IpAddress& address) const;

  [[nodiscard]] const std::string& node_name() const { return options_.node_name; }

  /// The cluster for readers. Made anew where something has changed; in a large
  /// cluster not for every change: at most so often that it takes a few
  /// hundredths of the time.
  [[nodiscard]] KubeViewPtr view(const KubeStatus& status, Nanos now);
  [[nodiscard]] IdentityStats stats() const;

 private:
  void take(const KubePodPtr& pod, const KubeChange& change);
  void take(const KubeServicePtr& service, const KubeChange& change);
  void take(const KubeEndpointSlicePtr& slice, const KubeChange& change);
  void take(const KubeNodePtr& node, const KubeChange& change);
  void take(const KubeNamespacePtr& name_space, const KubeChange& change);
  void take(const KubeControllerPtr& controller, const KubeChange& change);
  void take(const KubeNetworkPolicyPtr& policy, const KubeChange& change);
  [[nodiscard]] std::vector<AddressClaim> next_claims(const std::vector<AddressClaim>& before);
  [[nodiscard]] std::vector<AddressClaim> service_addresses() const;

  const IdentityOptions options_;
  LabelPool labels_;
  AddressBook book_;
  NodeTable nodes_;
  Workloads workloads_;
  PodTable pods_;
  ServiceTable services_;
  EndpointTable endpoints_;
  boost::unordered_flat_map<TextKey, KubeNamespacePtr, TextKeyHash> namespaces_;
  boost::unordered_flat_map<TextKey, KubeNetworkPolicyPtr, TextKeyHash> policies_;
  ObjectList<KubeNamespace> namespace_list_;
  ObjectList<KubeNetworkPolicy> policy_list_;
  std::uint64_t changes_ = 0;
  std::uint64_t skipped_ = 0;
  Nanos updated_ = 0;
  Nanos swept_ = 0;
  std::uint64_t generation_ = 0;
  KubeViewPtr view_;
  Nanos viewed_ = 0;
};

}  // namespace netprobe
