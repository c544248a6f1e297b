// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/mutex.h"
#include "cluster/agent_peer.h"
#include "model/kube.h"

namespace netprobe {

struct DiscoveryOptions {
  std::vector<std::string> agents;  ///< HOST:PORT or HOST; empty: those of `service`
  std::string service;              ///< namespace/name
  std::uint16_t port = 8082;        ///< where none is said
};

/// Makes the peer that is at an address.
using PeerFactory = std::function<AgentPeerPtr(const std::string& address)>;

/// Which agents there are: those of a list, or the endpoints of a service, as the
/// cluster's objects tell. An endpoint that is not ready is asked too: it may answer,
/// and if not, the answer must say so. A service of two families has each agent in two
/// slices: it is asked at its IPv4 address, or else at the other. Thread-safe.
class Discovery final : public AgentDirectory {
 public:
  Discovery(DiscoveryOptions options, PeerFactory factory);

  /// Nodes and EndpointSlices are looked at.
  void on_change(const KubeChange& change) NETPROBE_EXCLUDES(mutex_);

  [[nodiscard]] std::vector<AgentPeerPtr> agents() const override NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<std::string> nodes() const override NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] std::string node_at(const std::string& address) const override
      NETPROBE_EXCLUDES(mutex_);

 private:
  /// A way to an agent, and what is told of who is there.
  struct Endpoint {
    std::string agent;  ///< the same for all ways to one
    std::string node;   ///< empty: not told
  };
  using Endpoints = std::map<std::string, Endpoint>;  ///< by address
  [[nodiscard]] Endpoints wanted() const NETPROBE_REQUIRES(mutex_);
  void on_slice(const KubeEndpointSlice& slice, bool deleted) NETPROBE_EXCLUDES(mutex_);

  const DiscoveryOptions options_;
  const PeerFactory factory_;
  mutable Mutex mutex_;
  std::map<std::string, AgentPeerPtr> peers_ NETPROBE_GUARDED_BY(mutex_);  ///< by address
  std::map<std::string, Endpoints> slices_ NETPROBE_GUARDED_BY(mutex_);    ///< by name
  std::map<std::string, std::vector<IpAddress>> nodes_ NETPROBE_GUARDED_BY(mutex_);
};

/// "host:port" of a host or address that may have one already; IPv6 in brackets.
[[nodiscard]] std::string with_port(const std::string& host, std::uint16_t port);

}  // namespace netprobe
