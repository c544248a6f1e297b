// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "detect/scan/probe_set.h"
#include "detect/scan/scan_options.h"

namespace netprobe {

enum class ScanShape : std::uint8_t { kVertical, kHorizontal, kSweep, kBlock };

/// Probes of one source that are a scan together.
struct ShapeFound {
  ScanShape shape = ScanShape::kVertical;
  bool slow = false;
  IpAddress target;                      ///< kVertical
  std::uint16_t port = 0;                ///< kHorizontal
  std::uint8_t protocol = 0;             ///< kHorizontal
  ScanMethod method = ScanMethod::kSyn;  ///< of most of them
  std::uint32_t score = 0;               ///< failed ones, and as many empty ones at most
  std::uint32_t threshold = 0;
  std::uint32_t targets = 0;
  std::uint32_t ports = 0;
  std::uint32_t first = 0;  ///< seconds
  std::uint32_t last = 0;
  bool connected = false;             ///< some had a handshake: the address is no lie
  std::vector<std::uint8_t> members;  ///< places in the set, oldest first
};

/// The scans that these probes are and that have a fresh one among them. `outside`: where
/// the source is. A block takes the place of its parts. Work is bounded by ProbeSet::kMost.
[[nodiscard]] std::vector<ShapeFound> shapes_of(const ProbeSet& set, std::uint32_t now,
                                                bool outside, const ScanOptions& options);

}  // namespace netprobe
