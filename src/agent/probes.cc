// SPDX-License-Identifier: Apache-2.0
#include "agent/probes.h"

#include <algorithm>
#include <vector>

#include "probes/dns/dns_probe.h"
#include "probes/drop/drop_probe.h"
#include "probes/forwarding/forwarding_probe.h"
#include "probes/netfilter/netfilter_probe.h"
#include "probes/socket/socket_probe.h"
#include "probes/vxlan/vxlan_probe.h"
#include "probes/xdp/xdp_probe.h"

namespace netprobe {

namespace {

Result<std::unique_ptr<Probe>> make_socket_probe(const ProbeNeeds& needs) {
  SocketProbeOptions options;
  options.programs.rung = needs.options.socket_rung;
  options.programs.max_connections = needs.options.max_connections;
  options.programs.max_udp_flows = std::max(needs.options.max_connections / 2, 64U);
  options.collect_interval = needs.options.collect_interval;
  options.udp_calls_per_second = needs.options.socket_udp_limit;
  options.on_event = needs.events.socket;
  options.on_ended = needs.events.ended;
  return SocketProbe::make(options, needs.kernel, needs.clock);
}
Result<std::unique_ptr<Probe>> make_drop(const ProbeNeeds& needs) {
  return DropProbe::make({.stacks = needs.options.drop_stacks,
                          .max_records = needs.options.max_drop_records,
                          .look_inside_tunnels = needs.options.inspect_tunnels,
                          .vxlan_ports = needs.options.vxlan_ports,
                          .geneve_ports = needs.options.geneve_ports},
                         needs.kernel, needs.clock);
}
Result<std::unique_ptr<Probe>> make_netfilter(const ProbeNeeds& needs) {
  return NetfilterProbe::make(needs.options.netfilter_hooks, needs.kernel, needs.clock, needs.nat);
}
/// Lists have no room where there is none: maps and filter are as large as they may become.
PlaneRoom block_room(const AgentOptions& options) {
  PlaneRoom room;
  const bool lists = !options.response_block_lists.empty();
  room.feed_addresses = lists ? options.response_list_room : 1;
  room.feed_networks = lists ? std::max<std::size_t>(options.response_list_room / 16, 16'384) : 1;
  return room;
}

Result<std::unique_ptr<Probe>> make_xdp(const ProbeNeeds& needs) {
  XdpOptions options;
  options.mode = needs.options.xdp_mode;
  options.interfaces = needs.options.xdp_interface;
  options.vxlan_ports = needs.options.vxlan_ports;
  options.geneve_ports = needs.options.geneve_ports;
  if (needs.options.response == ResponseMode::kOff || !needs.block_plane)
    return XdpProbe::make(options, needs.kernel);
  options.block = block_room(needs.options);
  options.on_plane = [&needs](std::shared_ptr<BlockPlane> plane) {
    needs.block_plane(std::move(plane));
  };
  auto blocking = XdpProbe::make(options, needs.kernel);
  if (blocking) return blocking;
  // What counts may load where what drops does not.
  needs.block_plane(std::unexpected(blocking.error()));
  options.block.reset();
  return XdpProbe::make(options, needs.kernel);
}

Result<std::unique_ptr<Probe>> make_vxlan(const ProbeNeeds& needs) {
  const AgentOptions& options = needs.options;
  if (needs.tunnel_maps)
    return VxlanProbe::make(std::move(*needs.tunnel_maps), "", needs.clock, needs.events.tunnel);
  const Error& error = needs.tunnel_maps.error();
  // Who turned off what it reads from has turned it off, too.
  if (!options.enable_tc || !options.inspect_tunnels)
    return VxlanProbe::make(std::nullopt, error.message, needs.clock);
  return std::unexpected(error);
}
Result<std::unique_ptr<Probe>> make_dns(const ProbeNeeds& needs) {
  const AgentOptions& options = needs.options;
  if (needs.name_maps)
    return DnsProbe::make(std::move(*needs.name_maps), "", needs.clock, needs.events.names);
  const Error& error = needs.name_maps.error();
  // Who turned off those that it reads from or for has turned it off, too.
  if (!options.enable_tc || !options.enable_detection)
    return DnsProbe::make(std::nullopt, error.message, needs.clock, {});
  return std::unexpected(error);
}
Result<std::unique_ptr<Probe>> make_forwarding(const ProbeNeeds& needs) {
  return ForwardingProbe::make(needs.clock);
}

const std::vector<ProbeEntry>& registry() {
  static const std::vector<ProbeEntry> kProbes{
      {"socket", "--enable-socket", &AgentOptions::enable_socket, make_socket_probe},
      {"drop", "--enable-drops", &AgentOptions::enable_drops, make_drop},
      {"netfilter", "--enable-netfilter", &AgentOptions::enable_netfilter, make_netfilter},
      {"xdp", "--enable-xdp", &AgentOptions::enable_xdp, make_xdp},
      {"vxlan", "--enable-vxlan", &AgentOptions::enable_vxlan, make_vxlan},
      {"dns", "--enable-dns", &AgentOptions::enable_dns, make_dns},
      {"forwarding", "--enable-forwarding", &AgentOptions::enable_forwarding, make_forwarding},
  };
  return kProbes;
}

}  // namespace

std::span<const ProbeEntry> probe_registry() { return registry(); }

}  // namespace netprobe
