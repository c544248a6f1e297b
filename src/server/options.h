// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "store/clickhouse/options.h"

namespace netprobe {

/// Everything that a user of netprobe-server can set, with its default. Each has a
/// flag, an environment variable and a key in the configuration file: options.cc is
/// the one table of them.
struct ServerOptions {
  std::uint16_t metrics_port = 8081;
  std::string metrics_path = "/metrics";
  std::string listen_address;  ///< empty: all addresses
  std::string config;

  /// HOST:PORT of agents; empty: those of `agents_service`.
  std::vector<std::string> agents;
  std::string agents_service = "default/netprobe-metrics";  ///< namespace/name
  std::uint16_t agents_port = 8082;
  std::string agents_tls_name = "netprobe-agent";  ///< that their certificates must have
  Nanos agents_timeout = 5 * kSecond;              ///< of one question to all

  std::string grpc_listen;  ///< HOST:PORT for agents that ask for names; empty: nobody may
  std::string grpc_certificate;
  std::string grpc_key;
  std::string grpc_ca;
  bool grpc_insecure = false;

  std::string kubeconfig;    ///< empty: the service account, where there is one
  std::string kube_context;  ///< empty: the file's current one
  bool enable_kubernetes = true;

  ClickHouseOptions clickhouse;  ///< without a URL agents keep history

  std::uint32_t max_workload_pairs = 20'000;
  LogFormat log_format = LogFormat::kAuto;
  std::string log_level = "info";
  bool show_help = false;
  bool show_version = false;
};

/// As the agent's: flags, environment and file, in this order of precedence; errors
/// are one sentence of kind kUsage.
[[nodiscard]] Result<ServerOptions> parse_server_options(int argc, const char* const* argv,
                                                         const char* const* environment);
[[nodiscard]] std::string server_help();

}  // namespace netprobe
