// SPDX-License-Identifier: Apache-2.0
// The one table of everything that can be set.
#include <algorithm>

#include "agent/option_table.h"
#include "agent/option_values.h"
#include "settings/clickhouse_settings.h"

namespace netprobe {
namespace {

// The table is made of them.
using namespace option_values;
using namespace setters;

// Ten years.
constexpr Nanos kLongestKept = 3650 * 86'400 * kSecond;

std::vector<std::string> lines_of(const std::string& value) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < value.size();) {
    const auto end = std::min(value.find('\n', from), value.size());
    if (end > from) lines.push_back(value.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

/// One a line; what is wrong with them is said where they are made.
Status set_exports(AgentOptions& options, const std::string& value) {
  options.exports = lines_of(value);
  return {};
}

/// One a line; what is wrong with them is said where they are used.
Status set_threat_intel(AgentOptions& options, const std::string& value) {
  options.threat_intel = lines_of(value);
  return {};
}
Status set_mutes(AgentOptions& options, const std::string& value) {
  options.mute_alerts = lines_of(value);
  return {};
}

}  // namespace

const std::vector<Option>& option_table() {
  static const std::vector<Option> kOptions = joined<AgentOptions>(
      {
          {"metrics-port", "PORT", "port of metrics and API (default 8081)",
           number(&AgentOptions::metrics_port, 1, 65535)},
          {"metrics-path", "PATH", "path of the metrics page (default /metrics)",
           path(&AgentOptions::metrics_path)},
          {"listen-address", "ADDRESS", "address to listen on (default: all)",
           text(&AgentOptions::listen_address)},
          {"collect-interval", "DURATION", "how often rates are computed (default 1s)",
           duration(&AgentOptions::collect_interval, 100 * kMillisecond, 3600 * kSecond)},
          {"interface-filter", "NAMES",
           "interfaces to watch: names and globs, '!' excludes (default '!lo': all but lo)",
           names(&AgentOptions::interface_filter)},
          {"attach-interface", "NAMES", "the same for interfaces that must exist at the start",
           names(&AgentOptions::attach_interface)},
          {"node-name", "NAME", "this node's name (default: the host name)",
           text(&AgentOptions::node_name)},
          {"config", "FILE", "YAML file with the same names, '-' written '_'",
           text(&AgentOptions::config)},
          {"active-only", "", "leave interfaces without traffic out of the metrics",
           toggle(&AgentOptions::active_only)},
          {"enable-tc", "", "flows and interface counters at TC hooks (default true)",
           toggle(&AgentOptions::enable_tc)},
          {"tc-mode", "MODE", "auto, tcx or clsact (default auto)",
           choice<TcMode>(
               &AgentOptions::tc_mode,
               {{"auto", TcMode::kAuto}, {"tcx", TcMode::kTcx}, {"clsact", TcMode::kClsact}})},
          {"flow-cache-slots", "N", "slots of the kernel's flow cache a CPU (default: by CPUs)",
           number(&AgentOptions::flow_cache_slots, 64, 1U << 20)},
          {"max-flows", "N", "flows kept at once (default 131072)",
           number(&AgentOptions::max_flows, 64, 16U << 20)},
          {"max-interfaces", "N", "interfaces watched at once (default 1024)",
           number(&AgentOptions::max_interfaces, 16, 65536)},
          {"idle-timeout", "DURATION",
           "a flow that is quiet this long ends (default 2m; open TCP ten times that)",
           duration(&AgentOptions::idle_timeout, kSecond, 86'400 * kSecond)},
          {"vxlan-ports", "PORTS", "UDP ports decoded as VXLAN (default 4789,8472)",
           ports(&AgentOptions::vxlan_ports)},
          {"geneve-ports", "PORTS", "UDP ports decoded as Geneve (default 6081)",
           ports(&AgentOptions::geneve_ports)},
          {"inspect-tunnels", "", "find the flows inside tunnels (default true)",
           toggle(&AgentOptions::inspect_tunnels)},
          {"max-connections", "N", "connections kept at once (default 131072)",
           number(&AgentOptions::max_connections, 64, 4U << 20)},
          {"socket-udp-limit", "N",
           "UDP sends and receives a second above which they are not looked at (default 50000; 0: "
           "always)",
           number(&AgentOptions::socket_udp_limit, 0, 1U << 30)},
          {"socket-rung", "RUNG", "auto, tp_btf, raw_tp or kprobe (default auto)",
           choice<SocketRung>(&AgentOptions::socket_rung, {{"auto", SocketRung::kAuto},
                                                           {"tp_btf", SocketRung::kTracepoint},
                                                           {"raw_tp", SocketRung::kRawTracepoint},
                                                           {"kprobe", SocketRung::kKprobe}})},
          {"drop-stacks", "", "the kernel's call stack of each drop (default false)",
           toggle(&AgentOptions::drop_stacks)},
          {"max-drop-records", "N", "drop records kept at once (default 8192)",
           number(&AgentOptions::max_drop_records, 16, 1U << 20)},
          {"netfilter-hooks", "WHERE",
           "hook points counted: auto (where something can drop), all or off (default auto)",
           choice<NetfilterHooks>(&AgentOptions::netfilter_hooks, {{"auto", NetfilterHooks::kAuto},
                                                                   {"all", NetfilterHooks::kAll},
                                                                   {"off", NetfilterHooks::kOff}})},
          {"xdp-mode", "MODE",
           "auto, native or generic (default auto: native; generic only when asked)",
           choice<XdpMode>(&AgentOptions::xdp_mode, {{"auto", XdpMode::kAuto},
                                                     {"native", XdpMode::kNative},
                                                     {"generic", XdpMode::kGeneric}})},
          {"xdp-interface", "NAMES",
           "where XDP goes with --enable-xdp: names and globs (default: uplinks; a veth only by "
           "its "
           "exact name)",
           names(&AgentOptions::xdp_interface)},
          {"link-speed", "NAMES=SPEED",
           "speed of links whose driver does not know it: eth0=10G,wan*=500M (bits per second)",
           set_link_speeds},
          {"log-format", "FORMAT", "auto, text or json (default: text on a terminal)",
           log_format(&AgentOptions::log_format)},
          {"log-level", "LEVEL", "debug, info, warn or error (default info)",
           log_level(&AgentOptions::log_level)},
          {"debug", "", "the same as --log-level=debug", toggle(&AgentOptions::debug)},
          {"enable-xdp", "", "earliest ingress counters at XDP hooks (default false)",
           toggle(&AgentOptions::enable_xdp)},
          {"enable-socket", "", "connections, processes, TCP quality (default true)",
           toggle(&AgentOptions::enable_socket)},
          {"enable-vxlan", "", "counters by VNI and tunnel endpoints, MTU trouble (default true)",
           toggle(&AgentOptions::enable_vxlan)},
          {"enable-netfilter", "", "hook points, rules, conntrack and NAT (default true)",
           toggle(&AgentOptions::enable_netfilter)},
          {"enable-drops", "",
           "packets that the kernel dropped, with reason and place (default true)",
           toggle(&AgentOptions::enable_drops)},
          {"enable-dns", "", "DNS messages and claims of neighbours, for detectors (default true)",
           toggle(&AgentOptions::enable_dns)},
          {"enable-forwarding", "",
           "routes, neighbours and forwarding entries to other nodes (default true)",
           toggle(&AgentOptions::enable_forwarding)},
          {"enable-kubernetes", "",
           "names of pods, services and nodes, where --kubeconfig or a service account is there "
           "(default true)",
           toggle(&AgentOptions::enable_kubernetes)},
          {"kubeconfig", "FILE",
           "how to reach the Kubernetes API (default: the pod's service account)",
           text(&AgentOptions::kubeconfig)},
          {"kube-context", "NAME", "context of the kubeconfig (default: its current-context)",
           text(&AgentOptions::kube_context)},
          {"kube-scope", "SCOPE",
           "cluster or node: pods of the whole cluster, or of this node alone (default cluster)",
           choice<KubeScope>(&AgentOptions::kube_scope,
                             {{"cluster", KubeScope::kCluster}, {"node", KubeScope::kNode}})},
          {"external-names", "NAME=CIDR",
           "names for addresses outside the cluster: office=192.0.2.0/24,vpn=fd00:5::/32",
           set_external_names},
          {"workload-metrics", "BY",
           "how finely metrics between workloads are told apart: workload, pod or namespace "
           "(default "
           "workload)",
           choice<WorkloadBy>(&AgentOptions::workload_metrics,
                              {{"workload", WorkloadBy::kWorkload},
                               {"pod", WorkloadBy::kPod},
                               {"namespace", WorkloadBy::kNamespace}})},
          {"max-workload-pairs", "N",
           "pairs of workloads with metrics of their own; the rest is in ~other (default 2000)",
           number(&AgentOptions::max_workload_pairs, 1, 100'000)},
          {"enable-history", "",
           "keep flows, connections and drops for queries about the past (default true)",
           toggle(&AgentOptions::enable_history)},
          {"data-dir", "DIR",
           "where history is kept (default /var/lib/netprobe; a temporary one where that cannot be "
           "written)",
           path(&AgentOptions::data_dir)},
          {"history-max-disk", "SIZE", "disk that history may take (default 2GiB)",
           size(&AgentOptions::history_max_disk, 64ULL << 20U, 1ULL << 44U)},
          {"history-memory", "SIZE", "memory that history may take (default 128MiB)",
           size(&AgentOptions::history_memory, 64ULL << 20U, 1ULL << 40U)},
          {"history-raw", "DURATION", "how long every record is kept (default 24h)",
           duration(&AgentOptions::history_raw, 600 * kSecond, kLongestKept)},
          {"history-minutes", "DURATION", "how long sums by minute are kept (default 14d)",
           duration(&AgentOptions::history_minutes, 600 * kSecond, kLongestKept)},
          {"history-hours", "DURATION", "how long sums by hour are kept (default 400d)",
           duration(&AgentOptions::history_hours, 600 * kSecond, kLongestKept)},
          {"history-events", "DURATION",
           "how long connections, drops and alerts are kept (default 14d)",
           duration(&AgentOptions::history_events, 600 * kSecond, kLongestKept)},
          {"history-required", "", "not ready where history cannot be written (default false)",
           toggle(&AgentOptions::history_required)},
      },
      clickhouse_settings(
          &AgentOptions::clickhouse,
          {.url = "keep history in this ClickHouse instead: https://clickhouse.example:8443",
           .cluster = "tables are replicated and distributed over this cluster",
           .writes = true}),
      {
          {"grpc-listen", "ADDRESS:PORT",
           "serve netprobe-server over gRPC: :8082, 10.0.0.1:8082, [::1]:8082 (default: off)",
           text(&AgentOptions::grpc_listen)},
          {"grpc-certificate", "FILE", "this agent's certificate (PEM; read again when it changes)",
           text(&AgentOptions::grpc_certificate)},
          {"grpc-key", "FILE", "its key", text(&AgentOptions::grpc_key)},
          {"grpc-ca", "FILE", "who signs the server's certificate", text(&AgentOptions::grpc_ca)},
          {"grpc-insecure", "", "gRPC without TLS: anybody may ask, and read along (default false)",
           toggle(&AgentOptions::grpc_insecure)},
          {"server", "HOST:PORT", "netprobe-server, to learn names from (default: none)",
           text(&AgentOptions::server)},
          {"server-tls-name", "NAME", "DNS name in its certificate (default netprobe-server)",
           text(&AgentOptions::server_tls_name)},
          {"names-from", "SOURCE",
           "api, server or auto: who tells of pods and services (default auto: the server where "
           "there "
           "is one, and the Kubernetes API while that is away)",
           choice<NamesFrom>(&AgentOptions::names_from, {{"auto", NamesFrom::kAuto},
                                                         {"api", NamesFrom::kApi},
                                                         {"server", NamesFrom::kServer}})},
          {"enable-detection", "", "look for scans, floods and odd connections (default true)",
           toggle(&AgentOptions::enable_detection)},
          {"detectors", "NAMES",
           "which: names, '!' before one leaves it out; all, none (default: see below)",
           names(&AgentOptions::detectors)},
          {"mute-alerts", "QUERY",
           "alerts that match are kept and told nobody, such as 'alert.kind=port_scan "
           "src.namespace=monitoring'; give it several times for several",
           set_mutes, /*repeats=*/true},
          {"threat-intel", "NAME=LIST",
           "a file or URL of bad addresses: drop=https://lists.example/drop.txt?every=6h; give it "
           "several times for several (docs/threat-intelligence.md)",
           set_threat_intel, /*repeats=*/true},
          {"response", "MODE",
           "off, dry-run or enforce: drop packets of those that somebody blocks; dry-run counts "
           "what it would drop; needs --enable-xdp=true (default off; docs/response.md)",
           choice<ResponseMode>(&AgentOptions::response, {{"off", ResponseMode::kOff},
                                                          {"dry-run", ResponseMode::kDryRun},
                                                          {"enforce", ResponseMode::kEnforce}})},
          {"response-allow", "CIDRS",
           "never blocked, beside this node, its gateways, its DNS and the cluster: "
           "192.0.2.0/24,2001:db8:5::/48",
           set_response_allow},
          {"response-token-file", "FILE",
           "the token that changes need (default: response.token in --data-dir, made at the first "
           "start)",
           path(&AgentOptions::response_token_file)},
          {"response-remote", "",
           "take changes from other machines, too; plain HTTP shows the token on the way (default "
           "false)",
           toggle(&AgentOptions::response_remote)},
          {"response-max-blocks", "N", "blocks at once, lists aside (default 10000)",
           number(&AgentOptions::response_max_blocks, 1, 65'536)},
          {"response-longest", "DURATION", "a block lasts at most so long (default 7d)",
           duration(&AgentOptions::response_longest, 60 * kSecond, 366 * 86'400 * kSecond)},
          {"response-block-lists", "NAMES",
           "lists of --threat-intel whose addresses are blocked (default: none)",
           names(&AgentOptions::response_block_lists)},
          {"response-list-room", "N", "addresses that those lists may have (default 1048576)",
           number(&AgentOptions::response_list_room, 1, 8U << 20U)},
          {"export", "URL",
           "send records there as well, such as file:///var/log/flows.jsonl; give it several times "
           "for several (docs/export.md)",
           set_exports, /*repeats=*/true},
      });
  return kOptions;
}

}  // namespace netprobe
