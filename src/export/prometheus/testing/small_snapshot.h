// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "model/snapshot.h"

namespace netprobe::testing {

inline InterfaceState interface(std::uint32_t ifindex, std::string name, std::uint64_t packets) {
  InterfaceState state;
  state.info = {.ifindex = ifindex, .name = std::move(name), .role = Role::kUplink};
  state.rx = {.packets = packets,
              .bytes = packets * 100,
              .unattributed = {1, 2, 3, 4},
              .flow_packets = packets - std::min<std::uint64_t>(packets, 10)};
  state.tx = {.packets = packets * 2, .bytes = packets * 200, .flow_packets = packets * 2};
  state.rx_packets_per_second = 12.5;
  return state;
}

inline KubeViewPtr small_cluster() {
  auto kube = std::make_shared<KubeView>();
  kube->status.state = KubeState::kSynced;
  kube->status.server_version = "v1.30.1";
  kube->status.last_contact = 1'700'000'000 * kSecond;
  kube->status.resources = {{.name = "pods", .synced = true, .objects = 12, .lists = 2}};
  return kube;
}

/// With all that a pair can have.
inline WorkloadReport small_workloads() {
  WorkloadReport report;
  WorkloadPair& pair = report.pairs.emplace_back();
  pair.src = {"sh\\op", "Deployment", "w\"e\nb \xc3\xa9\xff"};
  pair.dst = {"", "", ""};
  pair.direction = "inter-node";
  pair.flows = 4;
  pair.connections = 3;
  pair.client_trouble = {.retransmits = 1, .out_of_order = 2, .zero_windows = 3, .resets = 4};
  pair.handshake.counts.assign(kLatencyBounds.size() + 1, 1);
  pair.dropped = 5;
  report.workloads = {{{"shop", "Deployment", "web"}, 1, 2, 3, 4}};
  report.kinds.unnamed_ends = 1;
  return report;
}

inline Snapshot small_snapshot() {
  Snapshot snapshot;
  snapshot.started_at = 1'700'000'000 * kSecond;
  snapshot.taken_at = snapshot.started_at + 60 * kSecond;
  snapshot.node_name = "node \"a\"\\\n";
  snapshot.version = "1.2.3";
  snapshot.kernel = "6.12";
  snapshot.interfaces = {interface(1, "eth0", 100), interface(2, "eth1", 200)};
  snapshot.probes = {{.name = "flow",
                      .state = ProbeState::kOn,
                      .rung = "tcx",
                      .programs = {{"netprobe_in", 1, 10, kSecond}, {"netprobe_in", 2, 5, kSecond}},
                      .lost = {{"flow_ring", "full", 3}}}};
  snapshot.losses = {{"flow_ring", "full", 3}, {"api", "slow", 1}};
  snapshot.packet_classes = {{"ipv4", 7}};
  snapshot.interfaces[0].rx_use = {.speed = 1'000'000'000,
                                   .utilisation = 0.25,
                                   .peak_100ms = 800e6,
                                   .peak_1s = 400e6,
                                   .microbursts = 3,
                                   .unmeasured_windows = 1};
  snapshot.quality.tcp[static_cast<std::size_t>(Verdict::kRefused)] = 4;
  snapshot.quality.udp[static_cast<std::size_t>(Verdict::kPortUnreachable)] = 2;
  snapshot.quality.from_server = {
      .retransmits = 5, .out_of_order = 6, .zero_windows = 7, .resets = 8};
  Histogram& uplink = snapshot.quality.handshakes[static_cast<std::size_t>(Role::kUplink)];
  uplink.counts.assign(kLatencyBounds.size() + 1, 0);
  uplink.counts[1] = 2;  // up to 100 us
  uplink.counts.back() = 1;
  uplink.sum = 20 * kSecond;
  snapshot.table = {.live_flows = 5, .total_flows = 9, .ended_flows = 4, .records = 1'000};
  snapshot.kube = small_cluster();
  snapshot.workloads = small_workloads();
  snapshot.resident_bytes = 1 << 20;
  snapshot.cpu_seconds = 0.25;
  return snapshot;
}

}  // namespace netprobe::testing
