// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "analysis/network_policy/policy.h"
#include "cli/agent_client.h"

namespace netprobe {

/// Adds labels to pods, and whether they use their node's network: of who has their
/// addresses now, if that is the same workload still. `behind_service`: places in `seen`
/// of flows to a service that were not seen translated; those that were sent to an address
/// or node port of it are made the service's, as their port is. Asks an agent or a server
/// a few times for each workload, and once or twice for each such address; what was too
/// much to ask is told in `warnings`.
[[nodiscard]] Status add_identities(AgentClient& agent, std::vector<network_policy::Seen>& seen,
                                    std::span<const std::size_t> behind_service,
                                    std::vector<std::string>& warnings);

/// The service that a flow was sent to in place of who answered it.
void make_service(network_policy::Seen& seen);

}  // namespace netprobe
