// SPDX-License-Identifier: Apache-2.0
#include "agent/options.h"

#include "agent/option_table.h"
#include "settings/setting.h"

namespace netprobe {
namespace {

SettingNames names() {
  SettingNames result = names_of("netprobe-agent", option_table());
  // The name from NetProbe's published examples.
  result.variables = {{"NETWORK_INTERFACE", "attach-interface"}};
  return result;
}

}  // namespace

Result<AgentOptions> parse_options(int argc, const char* const* argv,
                                   const char* const* environment) {
  AgentOptions options;
  const auto read = read_settings(names(), argc, argv, environment,
                                  [&](std::size_t position, const std::string& value) {
                                    return option_table()[position].set(options, value);
                                  });
  if (!read) return std::unexpected(read.error());
  options.show_help = read->show_help;
  options.show_version = read->show_version;
  if (options.debug) options.log_level = "debug";
  return options;
}

std::string help_text() {
  std::string out =
      "netprobe-agent: watches this machine's network and says what flows where.\n"
      "\n"
      "usage: netprobe-agent [--flag=value …]\n"
      "\n";
  out += settings_help(names());
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
