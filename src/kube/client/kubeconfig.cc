// SPDX-License-Identifier: Apache-2.0
#include "kube/client/kubeconfig.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include "kube/client/kubeconfig_exec.h"
#include "kube/client/kubeconfig_read.h"

namespace netprobe::kube {
namespace {

constexpr std::size_t kMostBytes = 4U << 20U;
constexpr std::size_t kMostCredentialBytes = 1U << 20U;

/// "dev, test" of a list of named things; what has no name is left out.
std::string names_in(const YAML::Node& list) {
  std::string names;
  if (!list.IsSequence()) return "none";
  for (const auto& entry : list) {
    const std::string name = yaml_text(entry, "name");
    if (name.empty()) continue;
    if (names.size() > 500) return names + ", …";
    names += (names.empty() ? "" : ", ") + name;
  }
  return names.empty() ? "none" : names;
}

/// What is under `inner` of the entry that is called `name`.
YAML::Node entry_of(const YAML::Node& list, const std::string& name, const char* inner) {
  if (list.IsSequence()) {
    for (const auto& entry : list) {
      if (yaml_text(entry, "name") != name) continue;
      const YAML::Node found = yaml_at(entry, inner);
      return found.IsMap() ? found : YAML::Node(YAML::NodeType::Map);
    }
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

/// What belongs to one reading of one file.
class Reader {
 public:
  Reader(std::string path, Nanos now) : path_(std::move(path)), now_(now) {}

  Result<ServerConfig> read(const std::string& text, std::string context) {
    const YAML::Node root = YAML::Load(text);
    if (!root.IsMap()) return wrong(" is no kubeconfig: it has no clusters, users and contexts");
    const YAML::Node contexts = yaml_at(root, "contexts");
    if (context.empty()) context = yaml_text(root, "current-context");
    if (context.empty())
      return wrong(" has no current-context; name one of its contexts: " + names_in(contexts));
    const YAML::Node chosen = entry_of(contexts, context, "context");
    if (!chosen.IsDefined())
      return wrong(" has no context '" + context + "'; it has: " + names_in(contexts));
    config_.source = path_ + ", context " + context;
    const YAML::Node cluster =
        entry_of(yaml_at(root, "clusters"), yaml_text(chosen, "cluster"), "cluster");
    if (!cluster.IsDefined())
      return wrong(": context '" + context + "' is of cluster '" + yaml_text(chosen, "cluster") +
                   "', which it does not have");
    if (auto read = read_cluster(cluster, yaml_text(chosen, "cluster")); !read)
      return std::unexpected(read.error());
    user_ = yaml_text(chosen, "user");
    // No user at all is allowed: a proxy may do the rest.
    if (user_.empty()) return config_;
    const YAML::Node user = entry_of(yaml_at(root, "users"), user_, "user");
    if (!user.IsDefined())
      return wrong(": context '" + context + "' is of user '" + user_ +
                   "', which it does not have");
    if (auto read = read_user(user, cluster); !read) return std::unexpected(read.error());
    return config_;
  }

 private:
  [[nodiscard]] std::unexpected<Error> wrong(const std::string& what) const {
    return fail("kubeconfig " + path_ + what, ErrorKind::kUsage);
  }

  Status read_cluster(const YAML::Node& cluster, const std::string& name) {
    config_.url = yaml_text(cluster, "server");
    while (config_.url.ends_with('/')) config_.url.pop_back();
    if (config_.url.empty()) return wrong(": cluster '" + name + "' has no server");
    if (!config_.url.contains("://")) config_.url.insert(0, "https://");
    if (!config_.url.starts_with("https://") && !config_.url.starts_with("http://"))
      return wrong(": the server of cluster '" + name +
                   "' is no http or https URL: " + config_.url);
    // It would stand in every status.
    const auto host = config_.url.find("://") + 3;
    if (config_.url.substr(0, config_.url.find('/', host)).contains('@'))
      return wrong(": the server of cluster '" + name +
                   "' has a user name in its URL; give username and password to the user instead");
    config_.insecure = yaml_flag(cluster, "insecure-skip-tls-verify");
    config_.tls_server_name = yaml_text(cluster, "tls-server-name");
    config_.proxy = yaml_text(cluster, "proxy-url");
    auto ca = data_or_file(cluster, "certificate-authority", "cluster '" + name + "'");
    if (!ca) return std::unexpected(ca.error());
    config_.ca = std::move(*ca);
    if (!config_.ca.empty() && !config_.ca.contains("-----BEGIN"))
      return wrong(": certificate-authority of cluster '" + name +
                   "' is no certificate in PEM form");
    return {};
  }

  Status read_user(const YAML::Node& user, const YAML::Node& cluster) {
    const std::string whose = "user '" + user_ + "'";
    if (const auto provider = yaml_at(user, "auth-provider"); provider.IsDefined())
      return wrong(
          ": " + whose + " has auth-provider '" + yaml_text(provider, "name") +
          "', which is not supported; use a token, a client certificate or an exec plugin");
    auto& credentials = config_.credentials;
    config_.impersonate = yaml_text(user, "as");
    if (std::ranges::any_of(config_.impersonate, [](unsigned char c) { return c < ' '; }))
      return wrong(": the name that " + whose + " acts as has a control character inside");
    credentials.username = yaml_text(user, "username");
    credentials.password = yaml_text(user, "password");
    if (auto read = read_token(user, whose); !read) return read;
    if (auto read = read_certificate(user, whose); !read) return read;
    if (const auto exec = yaml_at(user, "exec"); exec.IsDefined()) {
      auto plugin = read_exec(exec, cluster, config_, folder());
      if (!plugin) return wrong(": " + whose + ": " + plugin.error().message);
      config_.exec = std::move(*plugin);
    }
    return {};
  }

  Status read_token(const YAML::Node& user, const std::string& whose) {
    const std::string file = yaml_text(user, "tokenFile");
    std::string token = yaml_text(user, "token");
    if (!file.empty()) {
      // The file wins, as it does for kubectl: it is what gets renewed.
      auto text =
          read_text_file(absolute(file), "token file of " + whose + ":", kMostCredentialBytes);
      if (!text) return wrong(": " + text.error().message);
      token = std::move(*text);
      config_.rotates = true;
    }
    if (token.empty() && file.empty()) return {};
    auto clean = clean_token(std::move(token), "token of " + whose);
    if (!clean) return wrong(": " + clean.error().message);
    config_.credentials.token = std::move(*clean);
    return {};
  }

  Status read_certificate(const YAML::Node& user, const std::string& whose) {
    auto certificate = data_or_file(user, "client-certificate", whose);
    if (!certificate) return std::unexpected(certificate.error());
    auto key = data_or_file(user, "client-key", whose);
    if (!key) return std::unexpected(key.error());
    if (certificate->empty() && key->empty()) return {};
    if (key->empty()) return wrong(": " + whose + " has a client certificate and no client-key");
    if (certificate->empty())
      return wrong(": " + whose + " has a client-key and no client-certificate");
    if (auto checked = check_client_certificate(*certificate, *key, whose, now_); !checked)
      return wrong(": " + checked.error().message);
    config_.credentials.certificate = std::move(*certificate);
    config_.credentials.key = std::move(*key);
    return {};
  }

  /// NAME-data in base64, else the file NAME; empty: neither.
  Result<std::string> data_or_file(const YAML::Node& from, const std::string& name,
                                   const std::string& whose) {
    if (const auto data = yaml_text(from, name + "-data"); !data.empty()) {
      auto bytes = decode_base64(data);
      if (!bytes) return wrong(": " + name + "-data of " + whose + " is not base64");
      return std::move(*bytes);
    }
    const auto file = yaml_text(from, name);
    if (file.empty()) return std::string();
    auto text = read_text_file(absolute(file), name + " of " + whose + ":", kMostCredentialBytes);
    if (!text) return wrong(": " + text.error().message);
    config_.rotates = true;
    return text;
  }

  [[nodiscard]] std::string folder() const {
    return std::filesystem::path(path_).parent_path().string();
  }
  [[nodiscard]] std::string absolute(const std::string& file) const {
    // operator/ leaves alone what is absolute already.
    return (std::filesystem::path(folder()) / file).string();
  }

  std::string path_;
  Nanos now_;
  std::string user_;
  ServerConfig config_;
};

}  // namespace

Result<ServerConfig> parse_kubeconfig(const std::string& text, const std::string& path,
                                      const std::string& context, Nanos now) {
  try {
    return Reader(path, now).read(text, context);
  } catch (const YAML::Exception& problem) {
    std::string place;
    if (!problem.mark.is_null()) place = ", line " + std::to_string(problem.mark.line + 1);
    return fail("kubeconfig " + path + place + ": not valid YAML: " + problem.msg,
                ErrorKind::kUsage);
  }
}

Result<ServerConfig> read_kubeconfig(const std::string& path, const std::string& context,
                                     Nanos now) {
  auto text = read_text_file(path, "kubeconfig", kMostBytes);
  if (!text) return std::unexpected(text.error());
  return parse_kubeconfig(*text, path, context, now);
}

}  // namespace netprobe::kube
