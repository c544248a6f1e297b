// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "model/flow.h"

namespace netprobe {

/// The direction of a flow whose ends are named: intra-node, inter-node,
/// ingress or egress. Where names do not tell, the one that the flow has by the
/// path that its packets took (flow.direction). docs/identity.md.
/// `src_outside`, `dst_outside`: an end without a name is not of the cluster.
[[nodiscard]] std::string_view direction_by_names(const Flow& flow, std::string_view own_node,
                                                  bool src_outside, bool dst_outside);

}  // namespace netprobe
