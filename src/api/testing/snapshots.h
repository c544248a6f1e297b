// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "model/snapshot.h"

namespace netprobe::testing {

inline constexpr Nanos kStart = 1'700'000'000 * kSecond;

/// For tests: flow number `id`, 10.0.0.id to 10.1.0.1:443, id × 100 bytes out.
inline Flow make_flow(std::uint64_t id) {
  Flow flow;
  flow.id = id;
  flow.tuple = {IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(id)),
                IpAddress::v4(0x0a010001U), static_cast<std::uint16_t>(40'000 + id), 443,
                kProtoTcp};
  flow.forward = {id, id * 100};
  flow.reverse = {1, 50};
  flow.first_seen = kStart + static_cast<Nanos>(id) * kSecond;
  flow.last_seen = flow.first_seen + 10 * kSecond;
  flow.bytes_per_second = 1000.0 / static_cast<double>(id);
  flow.direction = "egress";
  Observation point;
  point.ifindex = 2;
  point.interface = "eth0";
  point.role = Role::kUplink;
  point.forward = flow.forward;
  flow.observations.push_back(point);
  return flow;
}

/// For tests: a node with `flows` flows and one interface; nothing lost.
inline std::shared_ptr<Snapshot> make_snapshot(std::uint64_t flows) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->started_at = kStart;
  snapshot->taken_at = kStart + 3600 * kSecond;
  snapshot->node_name = "node-a";
  snapshot->version = "0.1.0";
  snapshot->kernel = "6.12";
  for (std::uint64_t id = 1; id <= flows; ++id) snapshot->flows.push_back(make_flow(id));
  snapshot->table = {.live_flows = flows, .total_flows = flows, .capacity = 1000};
  InterfaceState eth0;
  eth0.info = {.ifindex = 2, .name = "eth0", .role = Role::kUplink, .mtu = 1500, .up = true};
  eth0.attached = true;
  eth0.mode = "tcx";
  eth0.rx = {.packets = 100,
             .bytes = 9000,
             .kernel_packets = 90,
             .unattributed = {5, 0, 0, 0},
             .flow_packets = 95};
  eth0.tx = {.packets = 10, .bytes = 900, .kernel_packets = 10, .flow_packets = 10};
  eth0.rx_packets_per_second = 1.5;
  InterfaceState down;
  down.info = {.ifindex = 3, .name = "eth1", .role = Role::kHost};
  down.reason = "it is down";
  snapshot->interfaces = {eth0, down};
  snapshot->retired_rx.packets = 7;
  snapshot->retired_rx.flow_packets = 7;
  snapshot->probes = {{.name = "flow",
                       .state = ProbeState::kOn,
                       .rung = "tcx",
                       .why = "6.6 has it",
                       .kernel_need = "5.8",
                       .programs = {{"netprobe_in", 4, 100, 5000}},
                       .events = 12}};
  snapshot->packet_classes = {{"ipv4", 100}, {"other", 5}};
  return snapshot;
}

}  // namespace netprobe::testing
