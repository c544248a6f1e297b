// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "base/result.h"
#include "bpf/tc_attachment.h"
#include "bpf/xdp_attachment.h"
#include "model/netfilter.h"
#include "model/response.h"
#include "model/workload.h"
#include "probes/socket/socket_rung.h"
#include "store/clickhouse/options.h"

namespace netprobe {

/// Whose pods the agent learns of.
enum class KubeScope : std::uint8_t { kCluster, kNode };

/// Who tells of the cluster's objects: the API server, netprobe-server, or the server
/// and the API server while that is away.
enum class NamesFrom : std::uint8_t { kAuto, kApi, kServer };

/// Everything that a user can set, with its default. Each has a flag, an
/// environment variable and a key in the configuration file: options.cc is the
/// one table of them.
struct AgentOptions {
  std::uint16_t metrics_port = 8081;
  std::string metrics_path = "/metrics";
  std::string listen_address;  ///< empty: all addresses
  Nanos collect_interval = kSecond;
  std::vector<std::string> interface_filter{"!lo"};
  std::vector<std::string> attach_interface;  ///< must exist at the start
  std::string node_name;                      ///< empty: the host name
  std::string config;
  bool active_only = false;
  bool enable_tc = true;
  TcMode tc_mode = TcMode::kAuto;
  bool enable_xdp = false;  ///< attaching resets the queues of some drivers: only when asked
  bool enable_socket = true;
  bool enable_vxlan = true;
  bool enable_netfilter = true;
  bool enable_drops = true;
  bool enable_forwarding = true;
  bool enable_dns = true;  ///< only for detectors: nothing is read without --enable-detection
  std::uint32_t flow_cache_slots = 0;  ///< a CPU; 0: by the number of CPUs
  std::uint32_t max_flows = 131'072;
  std::uint32_t max_interfaces = 1024;
  Nanos idle_timeout = 120 * kSecond;
  std::vector<std::uint16_t> vxlan_ports{4789, 8472};
  std::vector<std::uint16_t> geneve_ports{6081};
  bool inspect_tunnels = true;
  std::uint32_t max_connections = 131'072;
  SocketRung socket_rung = SocketRung::kAuto;
  std::uint32_t socket_udp_limit = 50'000;  ///< calls per second; 0: none
  bool drop_stacks = false;
  std::uint32_t max_drop_records = 8192;
  NetfilterHooks netfilter_hooks = NetfilterHooks::kAuto;
  XdpMode xdp_mode = XdpMode::kAuto;
  std::vector<std::string> xdp_interface;  ///< empty: uplinks
  /// Name or glob of links, and the bits per second to take as their speed.
  std::vector<std::pair<std::string, std::uint64_t>> link_speeds;
  bool enable_kubernetes = true;
  std::string kubeconfig;    ///< empty: the service account, where there is one
  std::string kube_context;  ///< empty: the file's current one
  KubeScope kube_scope = KubeScope::kCluster;
  /// Name of each network outside the cluster; the longest prefix that fits wins.
  std::vector<std::pair<std::string, IpPrefix>> external_names;
  WorkloadBy workload_metrics = WorkloadBy::kWorkload;
  std::uint32_t max_workload_pairs = 2000;
  bool enable_history = true;
  bool history_required = false;  ///< not ready where it cannot be written
  std::string data_dir = "/var/lib/netprobe";
  std::uint64_t history_max_disk = 2ULL << 30U;  ///< bytes
  std::uint64_t history_memory = 128ULL << 20U;  ///< bytes, of the engine
  /// How long records are kept, and sums of them by minute and by hour.
  Nanos history_raw = 24 * 3600 * kSecond;
  Nanos history_minutes = 14 * 86'400 * kSecond;
  Nanos history_hours = 400 * 86'400 * kSecond;
  Nanos history_events = 14 * 86'400 * kSecond;  ///< drops, connections, alerts
  ClickHouseOptions clickhouse;                  ///< without a URL history is kept here
  std::string grpc_listen;                       ///< "ADDRESS:PORT"; empty: nobody is served
  std::string grpc_certificate;
  std::string grpc_key;
  std::string grpc_ca;
  bool grpc_insecure = false;
  std::string server;  ///< "HOST:PORT" of netprobe-server; empty: there is none
  std::string server_tls_name = "netprobe-server";
  NamesFrom names_from = NamesFrom::kAuto;
  bool enable_detection = true;
  std::vector<std::string> detectors;          ///< which: agent/detectors.h
  std::vector<std::string> mute_alerts;        ///< queries of alerts
  std::vector<std::string> threat_intel;       ///< lists: intel/feed_settings.h
  ResponseMode response = ResponseMode::kOff;  ///< docs/response.md
  std::vector<IpPrefix> response_allow;        ///< never blocked, beside those that it finds
  std::string response_token_file;             ///< empty: response.token in data_dir
  bool response_remote = false;                ///< changes from other machines, over plain HTTP
  std::uint32_t response_max_blocks = 10'000;
  Nanos response_longest = 7 * 86'400 * kSecond;
  std::vector<std::string> response_block_lists;  ///< names of threat_intel
  std::uint32_t response_list_room = 1U << 20U;   ///< addresses of those lists
  std::vector<std::string> exports;  ///< where records go as well: URLs (outbox/export_target.h)
  LogFormat log_format = LogFormat::kAuto;
  std::string log_level = "info";
  bool debug = false;
  bool show_help = false;
  bool show_version = false;
};

/// Reads flags, environment and file, in this order of precedence. `environment`
/// is envp-like. Errors are one sentence of kind kUsage that names the option,
/// where it came from and what is allowed.
[[nodiscard]] Result<AgentOptions> parse_options(int argc, const char* const* argv,
                                                 const char* const* environment);
/// What --help prints: every option with its default, examples, exit codes.
[[nodiscard]] std::string help_text();

}  // namespace netprobe
