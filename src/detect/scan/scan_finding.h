// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/scan/scan_detector.h"

namespace netprobe {

/// In the words of docs/detectors.md. `chatter`: some were answered, as with peer-to-peer
/// networks.
[[nodiscard]] Finding finding_of(const ScanSuspect& suspect, const ShapeFound& shape, bool chatter,
                                 const ScanOptions& options);
[[nodiscard]] Finding finding_of(const ScanTarget& target, std::uint32_t ports,
                                 std::uint32_t sources, bool outside, const ScanOptions& options);

/// Not of the cluster, this node, or a private network.
[[nodiscard]] bool is_outside(const IdentityPtr& identity, const IpAddress& address);

}  // namespace netprobe
