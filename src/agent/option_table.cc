// SPDX-License-Identifier: Apache-2.0
// The one table of everything that can be set, and how each value is read.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "agent/option_table.h"
#include "base/byte_size.h"
#include "base/duration.h"

namespace netprobe {
namespace {

using Setter = decltype(Option::set);

// Ten years.
constexpr Nanos kLongestKept = 3650 * 86'400 * kSecond;

std::unexpected<Error> bad(std::string_view value, std::string_view allowed) {
  return fail(fmt::format("'{}' is not {}", value, allowed), ErrorKind::kUsage);
}

template <typename Number>
Setter number(Number AgentOptions::* member, std::uint64_t least, std::uint64_t most) {
  return [=](AgentOptions& options, const std::string& text) -> Status {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
      return bad(text, fmt::format("a number from {} to {}", least, most));
    options.*member = static_cast<Number>(value);
    return {};
  };
}

Setter text(std::string AgentOptions::* member) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    options.*member = value;
    return {};
  };
}

Result<bool> parse_switch(const std::string& value) {
  if (value.empty() || value == "true" || value == "1" || value == "yes" || value == "on")
    return true;
  if (value == "false" || value == "0" || value == "no" || value == "off") return false;
  return bad(value, "true or false");
}

Setter toggle(bool AgentOptions::* member) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    auto on = parse_switch(value);
    if (!on) return std::unexpected(on.error());
    options.*member = *on;
    return {};
  };
}

Setter duration(Nanos AgentOptions::* member, Nanos least, Nanos most) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    auto parsed = parse_duration(value);
    if (!parsed) return std::unexpected(parsed.error());
    if (*parsed < least || *parsed > most)
      return bad(value,
                 fmt::format("between {} and {}", format_duration(least), format_duration(most)));
    options.*member = *parsed;
    return {};
  };
}

Setter size(std::uint64_t AgentOptions::* member, std::uint64_t least, std::uint64_t most) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    auto parsed = parse_byte_size(value);
    if (!parsed) return std::unexpected(parsed.error());
    if (*parsed < least || *parsed > most)
      return bad(value,
                 fmt::format("between {} and {}", format_byte_size(least), format_byte_size(most)));
    options.*member = *parsed;
    return {};
  };
}

/// Of a ClickHouse server. What is wrong is said without the value, which may
/// have a password in it.
Status set_clickhouse_url(AgentOptions& options, const std::string& value) {
  const bool known = value.starts_with("http://") || value.starts_with("https://");
  if (!value.empty() && (!known || value.find("://") + 3 == value.size()))
    return fail("it is not a URL such as https://clickhouse.example:8443", ErrorKind::kUsage);
  options.clickhouse_url = value;
  return {};
}

/// One a line; what is wrong with them is said where they are made.
Status set_exports(AgentOptions& options, const std::string& value) {
  options.exports.clear();
  for (std::size_t from = 0; from < value.size();) {
    const auto end = std::min(value.find('\n', from), value.size());
    if (end > from) options.exports.push_back(value.substr(from, end - from));
    from = end + 1;
  }
  return {};
}

std::vector<std::string> split(const std::string& value) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (from <= value.size()) {
    const auto comma = std::min(value.find(',', from), value.size());
    auto part = value.substr(from, comma - from);
    const auto first = part.find_first_not_of(" \t");
    if (first != std::string::npos)
      parts.push_back(part.substr(first, part.find_last_not_of(" \t") - first + 1));
    from = comma + 1;
  }
  return parts;
}

Setter names(std::vector<std::string> AgentOptions::* member) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    options.*member = split(value);
    return {};
  };
}

Setter ports(std::vector<std::uint16_t> AgentOptions::* member) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    std::vector<std::uint16_t> list;
    for (const std::string& part : split(value)) {
      unsigned port = 0;
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), port);
      if (error != std::errc{} || end != part.data() + part.size() || port < 1 || port > 65535)
        return bad(part, "a port from 1 to 65535");
      list.push_back(static_cast<std::uint16_t>(port));
    }
    if (list.size() > 4) return bad(value, "a list of at most 4 ports");
    options.*member = std::move(list);
    return {};
  };
}

template <typename Enum>
Setter choice(Enum AgentOptions::* member, const std::map<std::string, Enum>& allowed) {
  return [=](AgentOptions& options, const std::string& value) -> Status {
    const auto found = allowed.find(value);
    if (found == allowed.end()) {
      std::string all;
      for (const auto& [name, unused] : allowed) all += (all.empty() ? "" : ", ") + name;
      return bad(value, "one of " + all);
    }
    options.*member = found->second;
    return {};
  };
}

/// "eth0=10G,wan*=500M": bits per second, in powers of ten.
Status set_link_speeds(AgentOptions& options, const std::string& text) {
  static constexpr std::string_view kAllowed =
      "a list such as eth0=10G,wan*=500M (bits per second; K, M, G, T)";
  std::vector<std::pair<std::string, std::uint64_t>> speeds;
  for (const std::string& part : split(text)) {
    const auto equals = part.find('=');
    if (equals == 0 || equals == std::string::npos) return bad(part, kAllowed);
    const char* begin = part.data() + equals + 1;
    const char* end = part.data() + part.size();
    double number = 0;
    const auto [rest, error] = std::from_chars(begin, end, number);
    static constexpr std::string_view kUnits = "KMGT";
    const auto unit = rest == end ? kUnits.npos : kUnits.find(*rest);
    if (error != std::errc{} || end - rest > 1 || (rest != end && unit == kUnits.npos))
      return bad(part, kAllowed);
    for (std::size_t i = 0; rest != end && i <= unit; ++i) number *= 1000;
    if (!(number >= 1000 && number <= 1e15)) return bad(part, kAllowed);
    speeds.emplace_back(part.substr(0, equals), static_cast<std::uint64_t>(number));
  }
  options.link_speeds = std::move(speeds);
  return {};
}

/// "office=192.0.2.0/24,vpn=fd00:5::/32"; a name may come more than once.
Status set_external_names(AgentOptions& options, const std::string& text) {
  std::vector<std::pair<std::string, IpPrefix>> names;
  for (const std::string& part : split(text)) {
    const auto equals = part.find('=');
    if (equals == 0 || equals == std::string::npos)
      return bad(part, "a list such as office=192.0.2.0/24,vpn=fd00:5::/32");
    auto prefix = IpPrefix::parse(part.substr(equals + 1));
    if (!prefix) return std::unexpected(prefix.error());
    names.emplace_back(part.substr(0, equals), *prefix);
  }
  options.external_names = std::move(names);
  return {};
}

}  // namespace

const std::vector<Option>& option_table() {
  static const std::vector<Option> kOptions{
      {"metrics-port", "PORT", "port of metrics and API (default 8081)",
       number(&AgentOptions::metrics_port, 1, 65535)},
      {"metrics-path", "PATH", "path of the metrics page (default /metrics)",
       [](AgentOptions& options, const std::string& value) -> Status {
         if (!value.starts_with('/')) return bad(value, "a path that begins with /");
         options.metrics_path = value;
         return {};
       }},
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
       "where XDP goes with --enable-xdp: names and globs (default: uplinks; a veth only by its "
       "exact name)",
       names(&AgentOptions::xdp_interface)},
      {"link-speed", "NAMES=SPEED",
       "speed of links whose driver does not know it: eth0=10G,wan*=500M (bits per second)",
       set_link_speeds},
      {"log-format", "FORMAT", "auto, text or json (default: text on a terminal)",
       choice<LogFormat>(
           &AgentOptions::log_format,
           {{"auto", LogFormat::kAuto}, {"text", LogFormat::kText}, {"json", LogFormat::kJson}})},
      {"log-level", "LEVEL", "debug, info, warn or error (default info)",
       [](AgentOptions& options, const std::string& value) -> Status {
         static constexpr std::array kLevels{"debug", "info", "warn", "error"};
         if (std::ranges::find(kLevels, value) == kLevels.end())
           return bad(value, "one of debug, info, warn, error");
         options.log_level = value;
         return {};
       }},
      {"debug", "", "the same as --log-level=debug", toggle(&AgentOptions::debug)},
      {"enable-xdp", "", "earliest ingress counters at XDP hooks (default false)",
       toggle(&AgentOptions::enable_xdp)},
      {"enable-socket", "", "connections, processes, TCP quality (default true)",
       toggle(&AgentOptions::enable_socket)},
      {"enable-vxlan", "", "counters by VNI and tunnel endpoints, MTU trouble (default true)",
       toggle(&AgentOptions::enable_vxlan)},
      {"enable-netfilter", "", "hook points, rules, conntrack and NAT (default true)",
       toggle(&AgentOptions::enable_netfilter)},
      {"enable-drops", "", "packets that the kernel dropped, with reason and place (default true)",
       toggle(&AgentOptions::enable_drops)},
      {"enable-forwarding", "",
       "routes, neighbours and forwarding entries to other nodes (default true)",
       toggle(&AgentOptions::enable_forwarding)},
      {"enable-kubernetes", "",
       "names of pods, services and nodes, where --kubeconfig or a service account is there "
       "(default true)",
       toggle(&AgentOptions::enable_kubernetes)},
      {"kubeconfig", "FILE", "how to reach the Kubernetes API (default: the pod's service account)",
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
       "how finely metrics between workloads are told apart: workload, pod or namespace (default "
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
       [](AgentOptions& options, const std::string& value) -> Status {
         if (!value.starts_with('/')) return bad(value, "a path that begins with /");
         options.data_dir = value;
         return {};
       }},
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
      {"clickhouse-url", "URL",
       "keep history in this ClickHouse instead: https://clickhouse.example:8443",
       set_clickhouse_url},
      {"clickhouse-user", "NAME",
       "its user (the password: --clickhouse-password-file, or the variable "
       "NETPROBE_CLICKHOUSE_PASSWORD)",
       text(&AgentOptions::clickhouse_user)},
      {"clickhouse-password-file", "FILE", "the first line is the password",
       text(&AgentOptions::clickhouse_password_file)},
      {"clickhouse-database", "NAME", "database of the tables (default netprobe)",
       text(&AgentOptions::clickhouse_database)},
      {"clickhouse-ca-file", "FILE", "who may sign its certificate (default: as the system says)",
       text(&AgentOptions::clickhouse_ca_file)},
      {"clickhouse-insecure", "", "take any certificate (default false)",
       toggle(&AgentOptions::clickhouse_insecure)},
      {"clickhouse-cluster", "NAME", "tables are replicated and distributed over this cluster",
       text(&AgentOptions::clickhouse_cluster)},
      {"clickhouse-create-tables", "", "make tables that are not there (default true)",
       toggle(&AgentOptions::clickhouse_create_tables)},
      {"export", "URL",
       "send records there as well, such as file:///var/log/flows.jsonl; give it several times "
       "for several (docs/export.md)",
       set_exports, /*repeats=*/true},
  };
  return kOptions;
}

}  // namespace netprobe
