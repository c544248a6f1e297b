// SPDX-License-Identifier: Apache-2.0
#include "agent/probes.h"

#include <algorithm>
#include <vector>

#include "probes/socket/socket_probe.h"

namespace netprobe {

namespace {

Result<std::unique_ptr<Probe>> make_socket_probe(const ProbeNeeds& needs) {
  SocketProbeOptions options;
  options.programs.rung = needs.options.socket_rung;
  options.programs.max_connections = needs.options.max_connections;
  options.programs.max_udp_flows = std::max(needs.options.max_connections / 2, 64U);
  options.collect_interval = needs.options.collect_interval;
  return SocketProbe::make(options, needs.kernel, needs.clock);
}
// [sockets]
// [drops]
// [netfilter]
// [tunnels and XDP]
// [losses]
// [quality and bandwidth]

const std::vector<ProbeEntry>& registry() {
  static const std::vector<ProbeEntry> kProbes{
      {"socket", "--enable-socket", &AgentOptions::enable_socket, make_socket_probe},
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
