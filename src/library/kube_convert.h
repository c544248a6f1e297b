// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netprobe/kubernetes.h>

#include <string>
#include <vector>

#include "model/flannel.h"
#include "model/identity.h"
#include "model/workload.h"

namespace netprobe::v0 {

/// As library/convert.h, of what the integrator knows.
[[nodiscard]] KubernetesStatus public_status(const netprobe::KubeStatus& status);
[[nodiscard]] Identity public_identity(const netprobe::IdentityPtr& identity);
[[nodiscard]] Topology public_topology(const netprobe::KubeView& view,
                                       const netprobe::FlannelReport& flannel);
[[nodiscard]] FlannelTopology public_flannel(const netprobe::FlannelReport& report);
/// `live` are named.
[[nodiscard]] TrafficStats public_traffic(const netprobe::FlowKinds& kinds,
                                          const std::vector<netprobe::Flow>& live,
                                          const std::string& own_node);

}  // namespace netprobe::v0
