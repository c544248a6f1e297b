// SPDX-License-Identifier: Apache-2.0
#include "kube/client/in_cluster.h"

#include <unistd.h>

#include <cstdlib>

namespace netprobe {
namespace kube {
namespace {

constexpr std::size_t kMostBytes = 1U << 20U;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

void take_environment(KubeClientOptions& options) {
  if (options.service_host.empty()) options.service_host = environment("KUBERNETES_SERVICE_HOST");
  if (options.service_port.empty()) options.service_port = environment("KUBERNETES_SERVICE_PORT");
}

Result<ServerConfig> read_in_cluster(const KubeClientOptions& options) {
  if (options.service_host.empty() || options.service_port.empty())
    return fail(
        "not in a Kubernetes pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not "
        "set; name a kubeconfig",
        ErrorKind::kNotFound);
  ServerConfig config;
  config.source = "in-cluster";
  config.rotates = true;
  const bool ipv6 = options.service_host.contains(':');
  config.url = "https://" + (ipv6 ? "[" + options.service_host + "]" : options.service_host) + ":" +
               options.service_port;
  auto token =
      read_text_file(options.service_account_dir + "/token", "service account token", kMostBytes);
  if (!token) return std::unexpected(token.error());
  auto clean = clean_token(std::move(*token), "service account token");
  if (!clean) return std::unexpected(clean.error());
  config.credentials.token = std::move(*clean);
  auto ca = read_text_file(options.service_account_dir + "/ca.crt", "service account authority",
                           kMostBytes);
  if (!ca) return std::unexpected(ca.error());
  config.ca = std::move(*ca);
  return config;
}

}  // namespace kube

bool in_cluster(const KubeClientOptions& options) {
  KubeClientOptions complete = options;
  kube::take_environment(complete);
  return !complete.service_host.empty() && !complete.service_port.empty() &&
         ::access((complete.service_account_dir + "/token").c_str(), R_OK) == 0;
}

}  // namespace netprobe
