// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "probes/vxlan/tunnel_table.h"

namespace netprobe {

/// Tunnel devices whose packets of full size, once wrapped, are larger than
/// what their underlay takes. Pure. Devices whose underlay or overhead is not
/// known are left out, and so is what IPsec or another tunnel adds on the way.
[[nodiscard]] std::vector<MtuTrouble> find_mtu_troubles(const InterfaceMap& interfaces);

}  // namespace netprobe
