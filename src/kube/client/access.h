// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "kube/client/exec_plugin.h"
#include "kube/client/kube_client.h"
#include "kube/client/server_config.h"

namespace netprobe::kube {

/// Where the server is and who we are, kept up to date: configuration and
/// tokens are read again when they rotate or are refused, and plugins are run
/// before what they gave expires.
class Access {
 public:
  Access(const KubeClientOptions& options, const Clock& clock);

  enum class Change : std::uint8_t { kNone, kCredentials, kServer };
  /// Does what is due, never waits.
  [[nodiscard]] Change step();
  /// When that has something to do next (monotonic).
  [[nodiscard]] Nanos due() const;
  /// To wait for as well (POLLIN).
  [[nodiscard]] std::vector<int> descriptors() const;

  /// There are a server and credentials to ask it with.
  [[nodiscard]] bool ready() const;
  [[nodiscard]] const ServerConfig& server() const { return config_; }
  [[nodiscard]] const Credentials& credentials() const;
  /// Why not, or what went wrong when it was last read; empty: all is well.
  [[nodiscard]] const std::string& error() const;

  /// The server does not know these credentials.
  void refused();
  /// The server was not reached or not trusted: the configuration may have changed.
  void doubted();

 private:
  [[nodiscard]] Change read();
  [[nodiscard]] Change step_plugin();
  [[nodiscard]] bool given_valid() const;

  const KubeClientOptions& options_;
  const Clock& clock_;
  Backoff backoff_;
  Backoff plugin_backoff_;
  bool known_ = false;  ///< config_ was read once
  ServerConfig config_;
  std::string config_error_;
  Nanos read_at_ = 0;
  Nanos read_due_ = 0;
  std::optional<ExecPlugin> plugin_;
  std::optional<Credentials> given_;  ///< by the plugin
  std::string plugin_error_;
  Nanos plugin_due_ = 0;
  Nanos plugin_began_ = 0;
};

}  // namespace netprobe::kube
