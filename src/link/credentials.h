// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "link/certificate_check.h"

namespace grpc {
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace netprobe {

/// The DNS name that agents' certificates carry: they have many addresses, and are
/// found by them.
inline constexpr std::string_view kAgentTlsName = "netprobe-agent";
inline constexpr std::string_view kServerTlsName = "netprobe-server";

struct LinkSecurity {
  LinkFiles files;
  /// No TLS at all, on either side: only where it was asked for in so many words.
  bool insecure = false;
  /// DNS name that the certificate of whom we connect to must be for; empty: any.
  std::string peer_name;
};

/// Mutual TLS from files, which are read again when they change: new connections
/// use the new ones. Certificates are held against the authority by this program
/// itself, so that what is wrong with one is a sentence. Thread-safe; outlives what
/// it was given to.
class LinkCredentials {
 public:
  virtual ~LinkCredentials() = default;
  /// kUsage where a file is missing or not what it should be. `reread`: how often
  /// files are looked at, whole seconds, at least 1.
  [[nodiscard]] static Result<std::shared_ptr<LinkCredentials>> make(LinkSecurity security,
                                                                     const Clock& clock,
                                                                     Nanos reread = 10 * kSecond);

  [[nodiscard]] virtual std::shared_ptr<grpc::ChannelCredentials> client() const = 0;
  [[nodiscard]] virtual std::shared_ptr<grpc::ServerCredentials> server() const = 0;
  [[nodiscard]] virtual const LinkSecurity& security() const = 0;
};
using LinkCredentialsPtr = std::shared_ptr<LinkCredentials>;

/// What stands before a reason of ours in an error of a connection.
inline constexpr std::string_view kCertificateMark = "netprobe: ";

}  // namespace netprobe
