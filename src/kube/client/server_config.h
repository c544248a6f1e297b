// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace netprobe::kube {

/// A program that prints credentials (client.authentication.k8s.io).
struct ExecConfig {
  std::string api_version;  ///< "client.authentication.k8s.io/v1" or "…/v1beta1"
  std::string command;      ///< looked up in PATH where it has no slash
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string install_hint;
  /// The "cluster" of KUBERNETES_EXEC_INFO, JSON; empty: not asked for.
  std::string cluster_info;

  bool operator==(const ExecConfig&) const = default;
};

/// Who we are to the server; all may be empty. PEM is text, not a path.
struct Credentials {
  std::string token;
  std::string username;
  std::string password;
  std::string certificate;
  std::string key;
  Nanos expires = 0;  ///< wall; 0: not known

  bool operator==(const Credentials&) const = default;
};

/// Where the API server is and how it is spoken to, files read. A value.
struct ServerConfig {
  std::string source;  ///< "in-cluster", or the file and context
  std::string url;     ///< without a slash at its end
  std::string ca;      ///< PEM; empty: the system's authorities
  bool insecure = false;
  std::string tls_server_name;
  std::string proxy;
  std::string impersonate;
  Credentials credentials;
  std::optional<ExecConfig> exec;
  /// A file behind it may be rotated without notice: read again at times.
  bool rotates = false;

  bool operator==(const ServerConfig&) const = default;
};

/// Text of a file of at most `most` bytes. The error names `what` and the file.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, const std::string& what,
                                                 std::size_t most);

/// A token as it stands in a file: no space around it. Control characters are
/// an error, since they would end the header that it goes into.
[[nodiscard]] Result<std::string> clean_token(std::string text, const std::string& what);

/// Is this a certificate whose time has not run out at `now` (wall), and a key?
/// The error says "client certificate of `whose` …".
[[nodiscard]] Status check_client_certificate(const std::string& certificate,
                                              const std::string& key, const std::string& whose,
                                              Nanos now);

/// RFC 4648, with line breaks where people put them.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);
[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace netprobe::kube
