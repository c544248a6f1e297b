// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "model/kube.h"

namespace netprobe {

/// Which networks are the cluster's own, as far as its objects tell: what nodes give their
/// pods, nodes' addresses, and addresses of services. The API has no name for the network of
/// services: it is the narrowest that has all of them, where that is private and no wider than
/// a /12 (of IPv6 a /108); else each address alone. One thread.
class ClusterNetworks {
 public:
  /// Beyond so many services or nodes, what is more is left out.
  static constexpr std::size_t kMostObjects = 20'000;

  void apply(const KubeChange& change);
  /// True: since the last call that said so, prefixes() is another.
  [[nodiscard]] bool take_changed() { return std::exchange(changed_, false); }
  /// Sorted; none is inside another.
  [[nodiscard]] std::vector<IpPrefix> prefixes() const;

 private:
  using Prefixes = std::vector<IpPrefix>;
  void take(std::map<std::string, Prefixes>& objects, const std::string& name, Prefixes own,
            bool deleted);

  std::map<std::string, Prefixes> nodes_;
  std::map<std::string, Prefixes> services_;  ///< by namespace/name
  bool changed_ = false;
};

}  // namespace netprobe
