// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

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

}  // namespace netprobe
