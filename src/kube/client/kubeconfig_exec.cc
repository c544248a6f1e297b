// SPDX-License-Identifier: Apache-2.0
#include "kube/client/kubeconfig_exec.h"

#include <filesystem>

#include "base/json_writer.h"
#include "kube/client/kubeconfig_read.h"

namespace netprobe::kube {
namespace {

constexpr std::string_view kGroup = "client.authentication.k8s.io/";
/// Deeper than any configuration of a plugin.
constexpr int kMostDepth = 32;
constexpr std::size_t kMostJson = 64U << 10U;

bool is_integer(const std::string& text) {
  return !text.empty() && text.size() < 16 && (text == "0" || text[0] != '0') &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

/// YAML as JSON. False: too deep or too long (an alias repeated may grow without end).
bool append_json(std::string& out, const YAML::Node& node, int depth) {
  if (depth > kMostDepth || out.size() > kMostJson) return false;
  if (node.IsMap()) {
    JsonObject object(out);
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) continue;
      object.foreign_key(entry.first.Scalar());
      if (!append_json(out, entry.second, depth + 1)) return false;
    }
    object.close();
  } else if (node.IsSequence()) {
    JsonArray array(out);
    for (const auto& entry : node) {
      array.next();
      if (!append_json(out, entry, depth + 1)) return false;
    }
    array.close();
  } else if (node.IsScalar()) {
    const auto& text = node.Scalar();
    // What is not quoted has the tag "?", and may be no text.
    if (node.Tag() == "?" && (text == "true" || text == "false" || is_integer(text)))
      out += text;
    else
      append_json_string(out, text);
  } else {
    out += "null";
  }
  return true;
}

Result<std::string> cluster_info(const YAML::Node& cluster, const ServerConfig& server) {
  std::string out;
  JsonObject object(out);
  object.text("server", server.url);
  if (!server.tls_server_name.empty()) object.text("tls-server-name", server.tls_server_name);
  if (server.insecure) object.flag("insecure-skip-tls-verify", true);
  if (!server.ca.empty()) object.text("certificate-authority-data", encode_base64(server.ca));
  if (!server.proxy.empty()) object.text("proxy-url", server.proxy);
  const YAML::Node extensions = yaml_at(cluster, "extensions");
  if (extensions.IsDefined() && extensions.IsSequence()) {
    for (const auto& entry : extensions) {
      if (yaml_text(entry, "name") != "client.authentication.k8s.io/exec") continue;
      object.key("config");
      if (!append_json(out, yaml_at(entry, "extension"), 0))
        return fail("the cluster's configuration for exec plugins is too large");
      break;
    }
  }
  object.close();
  return out;
}

}  // namespace

Result<ExecConfig> read_exec(const YAML::Node& exec, const YAML::Node& cluster,
                             const ServerConfig& server, const std::string& folder) {
  ExecConfig config;
  config.api_version = yaml_text(exec, "apiVersion");
  if (config.api_version != std::string(kGroup) + "v1" &&
      config.api_version != std::string(kGroup) + "v1beta1")
    return fail("its exec plugin speaks '" + config.api_version +
                "'; supported are client.authentication.k8s.io/v1 and …/v1beta1");
  config.command = yaml_text(exec, "command");
  if (config.command.empty()) return fail("its exec plugin has no command");
  if (config.command.contains('/'))
    config.command = (std::filesystem::path(folder) / config.command).string();
  if (yaml_text(exec, "interactiveMode") == "Always")
    return fail("its exec plugin '" + config.command +
                "' always asks a terminal (interactiveMode), which an agent does not have");
  config.install_hint = yaml_text(exec, "installHint");
  const YAML::Node arguments = yaml_at(exec, "args");
  if (arguments.IsDefined() && arguments.IsSequence())
    for (const auto& argument : arguments)
      if (argument.IsScalar()) config.arguments.push_back(argument.Scalar());
  const YAML::Node environment = yaml_at(exec, "env");
  if (environment.IsDefined() && environment.IsSequence())
    for (const auto& entry : environment)
      config.environment.emplace_back(yaml_text(entry, "name"), yaml_text(entry, "value"));
  std::erase_if(config.environment,
                [](const auto& entry) { return entry.first.empty() || entry.first.contains('='); });
  if (yaml_flag(exec, "provideClusterInfo")) {
    auto info = cluster_info(cluster, server);
    if (!info) return std::unexpected(info.error());
    config.cluster_info = std::move(*info);
  }
  return config;
}

}  // namespace netprobe::kube
