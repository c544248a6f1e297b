// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <string_view>

#include "model/interface.h"

namespace netprobe {

/// Reads a tunnel device's own attributes: IFLA_INFO_DATA of a link of this
/// kind (linux/if_link.h, linux/if_tunnel.h). `bound_to` gets the device that
/// it is bound to, 0 without. Kinds that are not known stay empty.
[[nodiscard]] TunnelSettings parse_tunnel_settings(std::string_view kind, const nlattr* data,
                                                   std::uint32_t& bound_to);

}  // namespace netprobe
