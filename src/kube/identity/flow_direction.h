// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "model/flow.h"

namespace netprobe {

/// The direction of a flow whose ends are named: intra-node, inter-node,
/// ingress or egress. Where names do not tell, the one that the flow has by the
/// path that its packets took (flow.direction). docs/identity.md.
[[nodiscard]] std::string_view direction_by_names(const Flow& flow, std::string_view own_node);

}  // namespace netprobe
