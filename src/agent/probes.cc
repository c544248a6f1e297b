// SPDX-License-Identifier: Apache-2.0
#include "agent/probes.h"

#include <vector>

namespace netprobe {

namespace {

// [sockets]
// [drops]
// [netfilter]
// [tunnels and XDP]
// [losses]
// [quality and bandwidth]

const std::vector<ProbeEntry>& registry() {
  static const std::vector<ProbeEntry> kProbes{
      // [sockets]
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
