// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "bpf/xdp_attachment.h"
#include "model/interface.h"

namespace netprobe {

/// Whether XDP goes to an interface, how, and why: docs/xdp.md has the table.
struct XdpChoice {
  bool attach = false;
  XdpMode mode = XdpMode::kNative;  ///< kNative or kGeneric
  std::string reason;
  std::string warning;  ///< a price that the user should know; empty without
};

/// `names`: --xdp-interface, names and globs, '!' excludes; empty means
/// uplinks. `wanted`: it passes the interface filters. Pure.
[[nodiscard]] XdpChoice choose_xdp(const InterfaceInfo& link, bool wanted, XdpMode mode,
                                   const std::vector<std::string>& names);

}  // namespace netprobe
