// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "support/netns.h"
#include "support/process.h"

namespace netprobe::test {

/// A pod: a namespace whose eth0 leads to a veth at the node's bridge.
struct Pod {
  NetNamespace ns;
  std::string veth;  ///< the node's end
  std::string v4;
  std::string v6;
};

enum class Underlay { kIpv4, kIpv6 };

/// One node as Flannel makes it, and a peer where packets come from and go to:
///
///   pod eth0 -- veth<n> \                                  peer
///   pod eth0 -- veth<n> - cni0 - (routes) - vx0 == eth0 -- eth0 == vx0
///                         10.244.0.1      10.250.0.1  192.0.2.1  .2   .2
///                         fd10::1         fd25::1     fd88::1  ::2  ::2
struct Cluster {
  NetNamespace node;
  NetNamespace peer;

  /// `underlay`: what the tunnel's packets are.
  [[nodiscard]] static Result<Cluster> make(Underlay underlay = Underlay::kIpv4);
  /// `number` from 1 to 9999, one pod each.
  [[nodiscard]] Result<Pod> add_pod(int number) const;
};

/// A node and one pod, joined by a veth pair without a bridge: 10.77.0.1 and
/// fd77::1 in the node, .2 and ::2 in the pod, eth0 in both.
struct NodeAndPod {
  NetNamespace node;
  NetNamespace pod;

  [[nodiscard]] static Result<NodeAndPod> make();
};

/// Programs that go on in the background until they are stopped; they die
/// with this object at the latest.
class Background {
 public:
  [[nodiscard]] Status start(const NetNamespace& ns, std::vector<std::string> command);
  /// A server in one namespace, then a client in the other that sends for
  /// `seconds`. Every pair has a port of its own: iperf3 serves one at a time.
  [[nodiscard]] Status iperf(const NetNamespace& client, const NetNamespace& server,
                             const std::string& address, int seconds,
                             std::vector<std::string> flags);
  void stop();
  /// What failed so far, of those that have ended; empty for nothing.
  [[nodiscard]] std::string failures();

 private:
  int port_ = 5201;
  std::vector<Process> clients_;
  std::vector<Process> servers_;
};

}  // namespace netprobe::test
