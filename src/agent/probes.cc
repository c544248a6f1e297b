// SPDX-License-Identifier: Apache-2.0
#include "agent/probes.h"

#include <vector>

#include "probes/drop/drop_probe.h"

namespace netprobe {

namespace {

// [sockets]
Result<std::unique_ptr<Probe>> make_drop(const ProbeNeeds& needs) {
  return DropProbe::make(
      {.stacks = needs.options.drop_stacks, .max_records = needs.options.max_drop_records},
      needs.kernel, needs.clock);
}
// [drops]
// [netfilter]
// [tunnels and XDP]
// [losses]
// [quality and bandwidth]

const std::vector<ProbeEntry>& registry() {
  static const std::vector<ProbeEntry> kProbes{
      // [sockets]
      {"drop", "--enable-drops", &AgentOptions::enable_drops, make_drop},
      // [drops]
      // [netfilter]
      // [tunnels and XDP]
      // [losses]
      // [quality and bandwidth]
  };
  return kProbes;
}

}  // namespace

std::span<const ProbeEntry> probe_registry() { return registry(); }

}  // namespace netprobe
