// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/agent_view.h"

namespace netprobe {

/// Everything that status shows.
struct StatusView {
  std::string agent;
  std::vector<ProbeView> probes;
  std::vector<InterfaceView> interfaces;
  StatsView stats;
  std::string response = {};  ///< a line of blocks (block_view.h); empty: an older agent
};

/// A probe failed, or packets are not accounted for. Losses that are counted
/// are told, but are no defect by themselves: a scan can cause them.
[[nodiscard]] bool is_degraded(const StatusView& status);
/// The whole as text. Pure.
[[nodiscard]] std::string render_status(const StatusView& status, bool colour);

}  // namespace netprobe
