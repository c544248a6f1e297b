// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace netprobe {

/// What status and top show of /api/probes.
struct ProbeView {
  std::string name;
  std::string state;  ///< on, off, failed
  std::string rung;
  std::string why;
  std::uint64_t events = 0;
  std::uint64_t lost = 0;  ///< all causes together
};

/// What they show of /api/interfaces.
struct InterfaceView {
  std::string name;
  std::string role;
  bool attached = false;
  std::string mode;
  std::string reason;  ///< why it is not attached
  std::uint64_t rx_packets = 0;
  std::uint64_t tx_packets = 0;
  double rx_packets_per_second = 0;
  double rx_bytes_per_second = 0;
  double tx_packets_per_second = 0;
  double tx_bytes_per_second = 0;
  std::string xdp_mode;    ///< native, generic, or empty: not there
  std::string xdp_reason;  ///< why it is there, or not
  std::uint64_t xdp_packets = 0;
  std::uint64_t xdp_dropped = 0;
  double speed = 0;  ///< bits per second; 0: it has none
  double rx_utilisation = 0;
  double tx_utilisation = 0;
  double peak = 0;  ///< over 100 ms, bits per second, of the busier direction
  std::uint64_t microbursts = 0;
};

using NamedCounts = std::vector<std::pair<std::string, std::uint64_t>>;

/// How the agent's names come to it.
struct KubernetesView {
  std::string state;  ///< off, connecting, synced, retrying, failed; empty: the agent does not say
  std::string server;
  std::string error;
  std::string last_contact;  ///< RFC 3339; empty: never
};
/// One line without its end: "synced, https://10.96.0.1:443".
[[nodiscard]] std::string kubernetes_line(const KubernetesView& kubernetes, bool colour);

/// What they show of /api/stats.
struct StatsView {
  std::string node;
  std::string version;
  std::string kernel;
  std::uint64_t packets = 0;       ///< that the hooks saw
  std::uint64_t flow_packets = 0;  ///< of those, in flows
  NamedCounts unattributed;        ///< of those, in none, by cause; without zeros
  /// Observation points whose packets are not all accounted for: "eth0
  /// ingress" and by how many packets; positive ones are missing.
  std::vector<std::pair<std::string, std::int64_t>> differences;
  NamedCounts losses;  ///< by name
  std::uint64_t live_flows = 0;
  std::uint64_t total_flows = 0;
  std::uint64_t evicted_flows = 0;
  std::uint64_t capacity = 0;
  std::uint64_t resident_bytes = 0;  ///< 0: the agent does not say
  KubernetesView kubernetes;
};

[[nodiscard]] Result<std::vector<ProbeView>> parse_probes(const std::string& json);
[[nodiscard]] Result<std::vector<InterfaceView>> parse_interfaces(const std::string& json);
/// The member `kubernetes` of any answer.
[[nodiscard]] KubernetesView parse_kubernetes(const std::string& json);
[[nodiscard]] Result<StatsView> parse_stats(const std::string& json);

}  // namespace netprobe
