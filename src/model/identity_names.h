// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "model/identity.h"

namespace netprobe {

/// The node that it is, or that it is on; empty where neither is known.
[[nodiscard]] std::string_view node_of(const Identity& identity);

/// "Deployment/web"; empty where no workload is known.
[[nodiscard]] std::string workload_name(const Identity& identity);

/// What a flow is by its ends, beside its direction. A flow may be several.
struct TrafficKind {
  std::string_view name;
  bool (*holds)(const Flow& flow);
};
inline constexpr std::array<TrafficKind, 3> kTrafficKinds{
    TrafficKind{"pod-to-pod", is_pod_to_pod},
    TrafficKind{"service", is_service_flow},
    TrafficKind{"external", is_external_flow},
};

}  // namespace netprobe
