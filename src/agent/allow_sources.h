// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "model/identity.h"
#include "model/response.h"

/// Where the addresses are from that no block may touch. docs/response.md.
namespace netprobe {

/// Addresses of all interfaces of this node.
[[nodiscard]] std::vector<IpAddress> own_addresses();
/// Gateways of default routes, in /proc/net/route and /proc/net/ipv6_route. What is no line
/// of such a file is passed over.
[[nodiscard]] std::vector<IpAddress> gateways_v4(std::string_view route);
[[nodiscard]] std::vector<IpAddress> gateways_v6(std::string_view ipv6_route);
/// "nameserver" lines of a resolv.conf; a zone ("%eth0") is left out.
[[nodiscard]] std::vector<IpAddress> name_servers(std::string_view resolv_conf);
/// The client's address of SSH_CONNECTION or SSH_CLIENT; none: "::".
[[nodiscard]] IpAddress ssh_client(std::string_view variable);
/// The host of "https://host:port/path", "host:port" or "host".
[[nodiscard]] std::string host_of(std::string_view url);

/// All of the above of this machine, as it is now.
[[nodiscard]] std::vector<AllowedNetwork> local_allowed();
/// Nodes, the API server's service with its endpoints, cluster DNS with its endpoints.
[[nodiscard]] std::vector<AllowedNetwork> cluster_allowed(const KubeView& kube);

}  // namespace netprobe
