// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kube/identity/flow_namer.h"
#include "kube/identity/identity_index.h"

namespace netprobe::testing {

/// Any day will do.
inline constexpr Nanos kDay = 1'700'000'000 * kSecond;
/// So many seconds into it.
constexpr Nanos at(double seconds) {
  return kDay + static_cast<Nanos>(seconds * static_cast<double>(kSecond));
}
/// As the API tells a time.
constexpr Nanos whole(Nanos time) { return time - time % kSecond; }

inline IpAddress address(const std::string& text) { return *IpAddress::parse(text); }

/// A pod as its kubelet would report it.
struct PodMaker {
  KubePod pod;

  explicit PodMaker(const std::string& name, const std::string& ip = "",
                    const std::string& node = "node-a") {
    pod.meta.name = name;
    pod.meta.name_space = "shop";
    pod.meta.uid = "uid-" + name;
    pod.node = node;
    pod.phase = "Running";
    if (!ip.empty()) pod.ips.push_back(address(ip));
  }
  PodMaker& ip(const std::string& text) {
    pod.ips.push_back(address(text));
    return *this;
  }
  PodMaker& label(const std::string& name, const std::string& value) {
    pod.labels.emplace_back(name, value);
    std::ranges::sort(pod.labels);
    return *this;
  }
  PodMaker& owner(const std::string& kind, const std::string& name) {
    pod.controller = KubeOwner{kind, name, "uid-" + name};
    return *this;
  }
  PodMaker& taken(Nanos when) {
    pod.meta.created = pod.started = whole(when);
    return *this;
  }
  /// Its only container begins.
  PodMaker& runs(Nanos when, const std::string& id = "") {
    pod.containers = {{"main", id.empty() ? "id-" + pod.meta.name : id, whole(when), 0}};
    return *this;
  }
  PodMaker& ended(Nanos when, const std::string& phase = "") {
    for (auto& container : pod.containers) container.finished = whole(when);
    if (!phase.empty()) pod.phase = phase;
    return *this;
  }
  PodMaker& deleting(Nanos when) {
    pod.meta.deletion = whole(when);
    return *this;
  }
  PodMaker& on_host() {
    pod.host_network = true;
    return *this;
  }
};

/// An index that is told things, and asked for names.
struct Cluster {
  IdentityOptions options;
  std::unique_ptr<IdentityIndex> index;
  std::unique_ptr<FlowNamer> namer;

  explicit Cluster(IdentityOptions with = {.node_name = "node-a"}) : options(std::move(with)) {
    index = std::make_unique<IdentityIndex>(options);
    namer = std::make_unique<FlowNamer>(*index, options);
  }

  void tell(const PodMaker& pod, Nanos seen) {
    index->apply({false, seen, std::make_shared<const KubePod>(pod.pod)});
  }
  void tell_gone(const PodMaker& pod, Nanos seen) {
    index->apply({true, seen, std::make_shared<const KubePod>(pod.pod)});
  }
  template <typename Object>
  void tell(const Object& object, Nanos seen, bool deleted = false) {
    index->apply({deleted, seen, std::make_shared<const Object>(object)});
  }

  /// Name of the holder, "-" for nobody.
  [[nodiscard]] std::string who(const std::string& ip, Nanos from, Nanos until = 0) const {
    const IdentityPtr* found = index->find(address(ip), from, std::max(from, until));
    return found == nullptr ? "-" : (*found)->name;
  }
  [[nodiscard]] IdentityPtr holder(const std::string& ip, Nanos when) const {
    const IdentityPtr* found = index->find(address(ip), when, when);
    return found == nullptr ? nullptr : *found;
  }
};

inline KubeNode node(const std::string& name, const std::string& ip, KubeLabels labels = {}) {
  KubeNode result;
  result.meta.name = name;
  result.meta.uid = "uid-" + name;
  result.meta.created = at(0);
  result.internal_ips.push_back(address(ip));
  result.labels = std::move(labels);
  return result;
}

inline KubeController controller(const std::string& kind, const std::string& name,
                                 const std::string& owner_kind = "",
                                 const std::string& owner_name = "") {
  KubeController result;
  result.kind = kind;
  result.meta.name = name;
  result.meta.name_space = "shop";
  result.meta.uid = "uid-" + name;
  if (!owner_kind.empty())
    result.controller = KubeOwner{owner_kind, owner_name, "uid-" + owner_name};
  return result;
}

inline KubeService service(const std::string& name, const std::string& ip, std::uint16_t port,
                           std::uint16_t node_port = 0) {
  KubeService result;
  result.meta.name = name;
  result.meta.name_space = "shop";
  result.meta.uid = "uid-" + name;
  result.meta.created = at(0);
  result.type = node_port != 0 ? "NodePort" : "ClusterIP";
  if (ip.empty()) {
    result.headless = true;
  } else {
    result.cluster_ips.push_back(address(ip));
  }
  result.ports.push_back({"main", port, kProtoTcp, node_port});
  return result;
}

/// pods: name and address.
inline KubeEndpointSlice slice(const std::string& service,
                               const std::vector<std::pair<std::string, std::string>>& pods,
                               std::uint16_t port) {
  KubeEndpointSlice result;
  result.meta.name = service + "-slice";
  result.meta.name_space = "shop";
  result.meta.uid = "uid-" + result.meta.name;
  result.service = service;
  result.ports.push_back({"main", port, kProtoTcp, 0});
  for (const auto& [pod, ip] : pods) {
    KubeEndpoint endpoint;
    endpoint.addresses.push_back(address(ip));
    endpoint.pod = pod;
    endpoint.pod_name_space = "shop";
    if (!pod.empty()) endpoint.pod_uid = "uid-" + pod;
    result.endpoints.push_back(std::move(endpoint));
  }
  return result;
}

inline Flow flow(const std::string& src, const std::string& dst, std::uint16_t port, Nanos first,
                 Nanos last = 0) {
  Flow result;
  result.tuple = {address(src), address(dst), 40'000, port, kProtoTcp};
  result.first_seen = first;
  result.last_seen = std::max(first, last);
  result.direction = "egress";
  return result;
}

inline std::string name_of(const IdentityPtr& identity) { return identity ? identity->name : "-"; }

}  // namespace netprobe::testing
