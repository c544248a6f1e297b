// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/agent_view.h"
#include "cli/flow_view.h"
#include "cli/terminal.h"

namespace netprobe {

/// Everything that top shows at one moment.
struct TopView {
  std::string agent;
  std::string sorted_by;  ///< rate, bytes, packets
  std::string problem;    ///< why there is nothing new; empty without
  StatsView stats;
  std::vector<InterfaceView> interfaces;
  std::vector<FlowView> flows;
};

/// The whole as text. Pure.
[[nodiscard]] std::string render_top(const TopView& top, bool colour);
/// The part of it that a screen shows: lines cut to its width, the last row
/// left for `footer`.
[[nodiscard]] std::string fit_screen(std::string_view text, TerminalSize size,
                                     std::string_view footer);

}  // namespace netprobe
