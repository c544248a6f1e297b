// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace netprobe::kube::testing {

/// Files in PEM; all empty: plain HTTP.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;  ///< where set, clients need a certificate of it
};

/// What all connections of a server share.
class TlsServer {
 public:
  explicit TlsServer(const TlsFiles& files);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  [[nodiscard]] SSL_CTX* get() const { return context_; }

 private:
  SSL_CTX* context_;
};

/// One accepted connection, plain or not; used by one thread, shut by any.
class FakeConnection {
 public:
  FakeConnection(UniqueFd socket, std::shared_ptr<TlsServer> tls);
  ~FakeConnection();
  FakeConnection(const FakeConnection&) = delete;
  FakeConnection& operator=(const FakeConnection&) = delete;

  [[nodiscard]] bool handshake();
  /// A request without body up to its empty line; empty: the connection ended.
  [[nodiscard]] std::string read_head();
  bool write(std::string_view text);
  bool write_chunk(std::string_view text);
  /// Has the other side closed it?
  [[nodiscard]] bool ended() const;
  void shut() const;

 private:
  UniqueFd socket_;
  std::shared_ptr<TlsServer> tls_;
  SSL* ssl_ = nullptr;
  std::string rest_;
};

}  // namespace netprobe::kube::testing
