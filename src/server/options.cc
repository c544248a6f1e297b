// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

#include <fmt/format.h>

#include "settings/clickhouse_settings.h"
#include "settings/setters.h"
#include "settings/setting.h"

namespace netprobe {
namespace {

using namespace setters;
using Options = ServerOptions;

Status set_service(Options& options, const std::string& value) {
  const auto slash = value.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == value.size() ||
      value.find('/', slash + 1) != std::string::npos)
    return bad(value, "a service such as default/netprobe-metrics (namespace/name)");
  options.agents_service = value;
  return {};
}

/// "host:port", "[fd00::1]:8082"; a host alone is at the agents' usual port.
Status set_agents(Options& options, const std::string& value) {
  for (const std::string& agent : split(value))
    if (agent.find_first_of("/ @?") != std::string::npos)
      return bad(agent, "an agent's address such as node1:8082 or [fd00::1]:8082");
  options.agents = split(value);
  return {};
}

const std::vector<Setting<Options>>& table() {
  static const std::vector<Setting<Options>> kSettings = joined<Options>(
      {
          {"metrics-port", "PORT", "port of the API and metrics (default 8081)",
           number(&Options::metrics_port, 1, 65535)},
          {"metrics-path", "PATH", "path of the metrics page (default /metrics)",
           path(&Options::metrics_path)},
          {"listen-address", "ADDRESS", "address to listen on (default: all)",
           text(&Options::listen_address)},
          {"config", "FILE", "YAML file with the same names, '-' written '_'",
           text(&Options::config)},
          {"agents", "LIST",
           "agents by address: node1:8082,[fd00::2]:8082 (default: by Kubernetes)", set_agents},
          {"agents-service", "NAMESPACE/NAME",
           "the Kubernetes service whose endpoints are the agents (default "
           "default/netprobe-metrics)",
           set_service},
          {"agents-port", "PORT", "port of agents that are given without one (default 8082)",
           number(&Options::agents_port, 1, 65535)},
          {"agents-tls-name", "NAME",
           "name that agents' certificates must have (default netprobe-agent)",
           text(&Options::agents_tls_name)},
          {"agents-timeout", "DURATION",
           "how long agents have to answer; the answer says who did not (default 5s)",
           duration(&Options::agents_timeout, 100 * kMillisecond, 300 * kSecond)},
          {"grpc-listen", "ADDRESS:PORT",
           "where agents may ask for names instead of the API server, for instance 0.0.0.0:8083",
           text(&Options::grpc_listen)},
          {"grpc-certificate", "FILE", "the server's certificate, for both sides of gRPC",
           text(&Options::grpc_certificate)},
          {"grpc-key", "FILE", "its key", text(&Options::grpc_key)},
          {"grpc-ca", "FILE", "who signs agents' certificates", text(&Options::grpc_ca)},
          {"grpc-insecure", "", "speak to agents without TLS (default false)",
           toggle(&Options::grpc_insecure)},
          {"enable-kubernetes", "",
           "learn the cluster's objects, where --kubeconfig or a service account is there "
           "(default true)",
           toggle(&Options::enable_kubernetes)},
          {"kubeconfig", "FILE",
           "how to reach the Kubernetes API (default: the pod's service account)",
           text(&Options::kubeconfig)},
          {"kube-context", "NAME", "context of the kubeconfig (default: its current-context)",
           text(&Options::kube_context)},
      },
      clickhouse_settings(
          &Options::clickhouse,
          {.url = "agents keep history in this ClickHouse: ask it, and not each agent",
           .cluster = "tables are distributed over this cluster"}),
      {
          {"max-workload-pairs", "N",
           "pairs of workloads with metrics of their own; the rest is in ~other (default 20000)",
           number(&Options::max_workload_pairs, 1, 1'000'000)},
          {"log-format", "FORMAT", "auto, text or json (default: text on a terminal)",
           log_format(&Options::log_format)},
          {"log-level", "LEVEL", "debug, info, warn or error (default info)",
           log_level(&Options::log_level)},
      });
  return kSettings;
}

/// What each setting alone cannot see.
Status check(const Options& options) {
  const bool any =
      !options.grpc_certificate.empty() || !options.grpc_key.empty() || !options.grpc_ca.empty();
  const bool all =
      !options.grpc_certificate.empty() && !options.grpc_key.empty() && !options.grpc_ca.empty();
  if (options.grpc_insecure && any)
    return fail("--grpc-insecure and certificates exclude each other", ErrorKind::kUsage);
  if (any && !all)
    return fail("--grpc-certificate, --grpc-key and --grpc-ca belong together: give all three",
                ErrorKind::kUsage);
  if (!all && !options.grpc_insecure)
    return fail(
        "agents are spoken to over mutual TLS: give --grpc-certificate, --grpc-key and --grpc-ca "
        "(netprobe certificates DIR makes a set to try it with), or --grpc-insecure",
        ErrorKind::kUsage);
  return {};
}

}  // namespace

Result<ServerOptions> parse_server_options(int argc, const char* const* argv,
                                           const char* const* environment) {
  Options options;
  const auto& settings = table();
  const auto read = read_settings(names_of("netprobe-server", settings), argc, argv, environment,
                                  [&](std::size_t position, const std::string& value) {
                                    return settings[position].set(options, value);
                                  });
  if (!read) return std::unexpected(read.error());
  options.show_help = read->show_help;
  options.show_version = read->show_version;
  if (options.show_help || options.show_version) return options;
  if (auto s = check(options); !s) return std::unexpected(s.error());
  return options;
}

std::string server_help() {
  return "netprobe-server: one address for what all agents of a cluster see.\n"
         "\n"
         "usage: netprobe-server [--flag=value …]\n"
         "\n" +
         settings_help(names_of("netprobe-server", table())) +
         "  --help, --version\n"
         "\n"
         "Each flag is also an environment variable (--agents-port: NETPROBE_AGENTS_PORT)\n"
         "and a key of the configuration file (agents_port). A flag wins over the\n"
         "environment, that over the file.\n"
         "\n"
         "It keeps no state: any number of replicas answer the same. SIGTERM and SIGINT\n"
         "end it.\n"
         "\n"
         "Exit codes: 0 ended as asked; 1 it cannot run, the sentence says why; 2 a flag,\n"
         "variable or key is wrong.\n"
         "\n"
         "Examples:\n"
         "  netprobe certificates /etc/netprobe\n"
         "  netprobe-server --agents=node1,node2 --grpc-certificate=/etc/netprobe/server.crt \\\n"
         "      --grpc-key=/etc/netprobe/server.key --grpc-ca=/etc/netprobe/ca.crt\n"
         "  netprobe-server --kubeconfig=$HOME/.kube/config --agents-service=netprobe/agents …\n";
}

}  // namespace netprobe
