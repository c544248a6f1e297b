// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/flannel.h"
#include "model/kube.h"
#include "model/tunnel.h"

namespace netprobe {

/// Holds what nodes declare against what this node's kernel has and what its
/// interfaces saw. Pure; the work grows with nodes, routes and entries, times a
/// logarithm. docs/flannel.md has what each finding means.
///
/// `nodes`: all of the cluster, or none while they are not all known: what
/// nobody declares is a finding. `own_node`: this node's name; where no node
/// has it, the one that declares the address of a tunnel device here.
/// `now`: wall.
[[nodiscard]] FlannelReport flannel_report(std::span<const KubeNodePtr> nodes,
                                           std::string_view own_node, const ForwardingState& state,
                                           const TunnelReport& tunnels, Nanos now);

/// The same for who asks often: no report is made within a second of the last,
/// unless there are other nodes or another reading of the kernel. One thread.
class FlannelReporter {
 public:
  [[nodiscard]] const FlannelReport& report(std::span<const KubeNodePtr> nodes,
                                            std::string_view own_node, const ForwardingState& state,
                                            const TunnelReport& tunnels, Nanos now);

 private:
  FlannelReport last_;
  std::vector<KubeNodePtr> nodes_;  ///< that it was made of: held, so that no other has their place
  std::string own_node_;
  std::string error_;
};

}  // namespace netprobe
