// SPDX-License-Identifier: Apache-2.0
#include "agent/options.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>

#include "base/duration.h"

namespace netprobe {
namespace {

using Setter = std::function<Status(AgentOptions&, const std::string&)>;

struct Option {
  std::string_view name;   ///< the flag; '-' becomes '_' in the file and the environment
  std::string_view value;  ///< what the help shows; empty for a switch
  std::string_view help;
  Setter set;
};

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

const std::vector<Option>& table() {
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
      {"kubeconfig", "FILE", "not in this version",
       [](AgentOptions& options, const std::string& value) -> Status {
         if (!value.empty()) options.not_yet.emplace_back("Kubernetes names (--kubeconfig)");
         return {};
       }},
      {"data-dir", "DIR", "not in this version",
       [](AgentOptions& options, const std::string& value) -> Status {
         if (!value.empty()) options.not_yet.emplace_back("history (--data-dir)");
         return {};
       }},
  };
  return kOptions;
}

std::string key_of(std::string_view name) {
  std::string key(name);
  std::ranges::replace(key, '-', '_');
  return key;
}

std::string environment_name(std::string_view name) {
  std::string key = key_of(name);
  std::ranges::transform(key, key.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return "NETPROBE_" + key;
}

const Option* find(std::string_view name) {
  for (const Option& option : table())
    if (option.name == name) return &option;
  return nullptr;
}

/// The nearest option by edit distance, for "did you mean".
std::string nearest(std::string_view name) {
  std::string best;
  std::size_t least = 4;
  for (const Option& option : table()) {
    std::vector<std::size_t> row(option.name.size() + 1);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
    for (std::size_t i = 1; i <= name.size(); ++i) {
      std::size_t diagonal = row[0]++;
      for (std::size_t j = 1; j < row.size(); ++j) {
        const std::size_t cost = diagonal + (name[i - 1] == option.name[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({cost, row[j] + 1, row[j - 1] + 1});
      }
    }
    if (row.back() < least) {
      least = row.back();
      best = option.name;
    }
  }
  return best;
}

std::unexpected<Error> unknown(std::string_view what, std::string_view name) {
  const std::string near = nearest(name);
  return fail(fmt::format("there is no {}{}; netprobe-agent --help lists them all", what,
                          near.empty() ? "" : fmt::format(" (did you mean {}?)", near)),
              ErrorKind::kUsage);
}

Status apply(const Option& option, AgentOptions& options, const std::string& value,
             const std::string& from) {
  auto status = option.set(options, value);
  if (!status) return fail(from + ": " + status.error().message, ErrorKind::kUsage);
  return {};
}

using Values = std::map<std::string_view, std::string>;

Result<Values> read_flags(int argc, const char* const* argv, AgentOptions& options) {
  Values values;
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "-h" || word == "--help") {
      options.show_help = true;
      continue;
    }
    if (word == "--version") {
      options.show_version = true;
      continue;
    }
    if (!word.starts_with("--"))
      return fail(fmt::format("'{}' is not a flag; netprobe-agent --help lists them all", word),
                  ErrorKind::kUsage);
    word.remove_prefix(2);
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const Option* option = find(name);
    if (option == nullptr) return unknown(fmt::format("flag --{}", name), name);
    if (equals != std::string_view::npos) {
      values[option->name] = word.substr(equals + 1);
    } else if (option->value.empty()) {
      values[option->name] = "true";
    } else if (i + 1 < argc) {
      values[option->name] = argv[++i];
    } else {
      return fail(fmt::format("--{} takes a value: --{}={}", name, name, option->value),
                  ErrorKind::kUsage);
    }
  }
  return values;
}

std::string scalar_or_list(const YAML::Node& node) {
  if (!node.IsSequence()) return node.IsNull() ? "" : node.as<std::string>();
  std::string joined;
  for (const auto& item : node) joined += (joined.empty() ? "" : ",") + item.as<std::string>();
  return joined;
}

Status read_file(const std::string& path, AgentOptions& options) {
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return {};
    if (!root.IsMap())
      return fail(path + ": it must be a list of 'key: value' lines", ErrorKind::kUsage);
    for (const auto& pair : root) {
      const auto key = pair.first.as<std::string>();
      const auto name = [&] {
        std::string flag(key);
        std::ranges::replace(flag, '_', '-');
        return flag;
      }();
      const std::string where = fmt::format("{}:{}", path, pair.first.Mark().line + 1);
      const Option* option = find(name);
      if (option == nullptr || name == "config")
        return unknown(fmt::format("key '{}' ({})", key, where), name);
      if (auto s = apply(*option, options, scalar_or_list(pair.second), where + ": " + key); !s)
        return s;
    }
    return {};
  } catch (const YAML::BadFile&) {
    return fail("cannot read the configuration file " + path, ErrorKind::kUsage);
  } catch (const YAML::Exception& e) {
    return fail(fmt::format("{}:{}: {}", path, e.mark.line + 1, e.msg), ErrorKind::kUsage);
  }
}

std::optional<std::string> environment_value(const char* const* environment,
                                             const std::string& name) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=')
      return std::string(entry.substr(name.size() + 1));
  }
  return std::nullopt;
}

}  // namespace

Result<AgentOptions> parse_options(int argc, const char* const* argv,
                                   const char* const* environment) {
  AgentOptions options;
  const auto flags = read_flags(argc, argv, options);
  if (!flags) return std::unexpected(flags.error());
  Values variables;
  // The name from NetProbe's published examples; the systematic one wins.
  if (auto value = environment_value(environment, "NETWORK_INTERFACE"))
    variables["attach-interface"] = *value;
  for (const Option& option : table())
    if (auto value = environment_value(environment, environment_name(option.name)))
      variables[option.name] = *value;

  std::string file;
  if (const auto found = variables.find("config"); found != variables.end()) file = found->second;
  if (const auto found = flags->find("config"); found != flags->end()) file = found->second;
  if (!file.empty())
    if (auto s = read_file(file, options); !s) return std::unexpected(s.error());
  for (const auto& [name, value] : variables) {
    if (auto s = apply(*find(name), options, value, environment_name(name)); !s)
      return std::unexpected(s.error());
  }
  for (const auto& [name, value] : *flags) {
    if (auto s = apply(*find(name), options, value, "--" + std::string(name)); !s)
      return std::unexpected(s.error());
  }
  if (options.debug) options.log_level = "debug";
  return options;
}

std::string help_text() {
  std::string out =
      "netprobe-agent: watches this machine's network and says what flows where.\n"
      "\n"
      "usage: netprobe-agent [--flag=value …]\n"
      "\n";
  for (const Option& option : table()) {
    std::string left = fmt::format("--{}", option.name);
    if (!option.value.empty()) left += fmt::format("={}", option.value);
    out += fmt::format("  {:<30} {}\n", left, option.help);
  }
  out +=
      "  --help, --version\n"
      "\n"
      "Each flag is also an environment variable (--metrics-port: NETPROBE_METRICS_PORT)\n"
      "and a key of the configuration file (metrics_port). A flag wins over the\n"
      "environment, that over the file.\n"
      "\n"
      "SIGTERM and SIGINT detach everything and end it; SIGHUP reads the interface\n"
      "filters anew.\n"
      "\n"
      "Exit codes: 0 ended as asked; 1 it cannot run, the sentence says why; 2 a flag,\n"
      "variable or key is wrong.\n"
      "\n"
      "Examples:\n"
      "  netprobe-agent\n"
      "  netprobe-agent --interface-filter='eth*,cni0,veth*' --collect-interval=5s\n"
      "  NETWORK_INTERFACE=eth0 netprobe-agent\n"
      "  netprobe-agent --config=/etc/netprobe/agent.yaml --metrics-port=9101\n";
  return out;
}

}  // namespace netprobe
