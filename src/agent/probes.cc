// SPDX-License-Identifier: Apache-2.0
#include "agent/probes.h"

#include <vector>

#include "probes/drop/drop_probe.h"
#include "probes/netfilter/netfilter_probe.h"

namespace netprobe {

namespace {

// [sockets]
Result<std::unique_ptr<Probe>> make_drop(const ProbeNeeds& needs) {
  return DropProbe::make(
      {.stacks = needs.options.drop_stacks, .max_records = needs.options.max_drop_records},
      needs.kernel, needs.clock);
}
// [drops]
Result<std::unique_ptr<Probe>> make_netfilter(const ProbeNeeds& needs) {
  return NetfilterProbe::make(needs.options.netfilter_hooks, needs.kernel, needs.clock, needs.nat);
}
// [netfilter]
// [tunnels and XDP]
// [losses]
// [quality and bandwidth]

const std::vector<ProbeEntry>& registry() {
  static const std::vector<ProbeEntry> kProbes{
      // [sockets]
      {"drop", "--enable-drops", &AgentOptions::enable_drops, make_drop},
      // [drops]
      {"netfilter", "--enable-netfilter", &AgentOptions::enable_netfilter, make_netfilter},
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
