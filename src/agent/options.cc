// SPDX-License-Identifier: Apache-2.0
#include "agent/options.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "agent/option_table.h"

namespace netprobe {
namespace {

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
  for (const Option& option : option_table())
    if (option.name == name) return &option;
  return nullptr;
}

/// The nearest option by edit distance, for "did you mean".
std::string nearest(std::string_view name) {
  std::string best;
  std::size_t least = 4;
  for (const Option& option : option_table()) {
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
    const auto give = [&](std::string_view value) {
      std::string& all = values[option->name];
      all = option->repeats && !all.empty() ? all + '\n' + std::string(value) : value;
    };
    if (equals != std::string_view::npos) {
      give(word.substr(equals + 1));
    } else if (option->value.empty()) {
      give("true");
    } else if (i + 1 < argc) {
      give(argv[++i]);
    } else {
      return fail(fmt::format("--{} takes a value: --{}={}", name, name, option->value),
                  ErrorKind::kUsage);
    }
  }
  return values;
}

/// Lists, and maps of names to a value or a list, in the form that a flag has them.
std::string flag_text(const YAML::Node& node) {
  std::string joined;
  const auto add = [&](const std::string& text) { joined += (joined.empty() ? "" : ",") + text; };
  if (node.IsSequence()) {
    for (const auto& item : node) add(item.as<std::string>());
  } else if (node.IsMap()) {
    for (const auto& pair : node) {
      const auto name = pair.first.as<std::string>() + "=";
      if (!pair.second.IsSequence()) add(name + pair.second.as<std::string>());
      for (const auto& item : pair.second)
        if (pair.second.IsSequence()) add(name + item.as<std::string>());
    }
  } else if (!node.IsNull()) {
    joined = node.as<std::string>();
  }
  return joined;
}

/// A value of a map becomes one of a URL: all that could end it is encoded.
std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-' || c == '/' || c == ':' || c == ',' ||
                       c == '=';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

/// "{to: URL, filter: …}" as one URL. Throws what yaml-cpp throws.
std::string url_of_map(const YAML::Node& map) {
  if (!map["to"]) throw YAML::Exception(map.Mark(), "the key 'to' is missing: where records go");
  std::string url = map["to"].as<std::string>();
  char before = url.contains('?') ? '&' : '?';
  for (const auto& pair : map) {
    const auto key = pair.first.as<std::string>();
    if (key == "to") continue;
    url +=
        std::exchange(before, '&') + url_encoded(key) + '=' + url_encoded(flag_text(pair.second));
  }
  return url;
}

/// Values of an option that repeats, one a line.
std::string repeated_text(const YAML::Node& node) {
  const auto one = [](const YAML::Node& each) {
    if (!each.IsMap()) return each.as<std::string>();
    // "- stdout:" is a map to YAML.
    if (each.size() == 1 && each.begin()->second.IsNull())
      return each.begin()->first.as<std::string>() + ':';
    return url_of_map(each);
  };
  if (node.IsNull()) return {};
  if (!node.IsSequence()) return one(node);
  std::string lines;
  for (const auto& item : node) lines += one(item) + '\n';
  return lines;
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
      const std::string value =
          option->repeats ? repeated_text(pair.second) : flag_text(pair.second);
      if (auto s = apply(*option, options, value, where + ": " + key); !s) return s;
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

/// Kubernetes tells the pods beside a Service where it is, in variables that are
/// called after it: with one named netprobe-metrics, NETPROBE_METRICS_PORT is
/// "tcp://10.96.0.7:8081", which nobody meant for us.
bool is_service_link(std::string_view value) {
  return value.starts_with("tcp://") || value.starts_with("udp://");
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
  for (const Option& option : option_table())
    if (auto value = environment_value(environment, environment_name(option.name));
        value && !is_service_link(*value)) {
      if (option.repeats) std::ranges::replace(*value, ' ', '\n');
      variables[option.name] = *value;
    }

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
  for (const Option& option : option_table()) {
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
      "  netprobe-agent --kubeconfig=$HOME/.kube/config --kube-context=staging\n"
      "  netprobe-agent --config=/etc/netprobe/agent.yaml --metrics-port=9101\n";
  return out;
}

}  // namespace netprobe
