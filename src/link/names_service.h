// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/result.h"
#include "link/agent_server.h"
#include "link/names_log.h"

namespace grpc {
class Service;
}

namespace netprobe {

/// The Names service of link/proto/netprobe.proto, for a server that has others, too
/// (link/grpc_server.h). Stop its server first; the log outlives both.
class NamesService {
 public:
  explicit NamesService(NamesLog& log);
  ~NamesService();
  NamesService(const NamesService&) = delete;
  NamesService& operator=(const NamesService&) = delete;

  [[nodiscard]] grpc::Service& service();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A gRPC server that has names alone.
class NamesServer {
 public:
  virtual ~NamesServer() = default;  ///< stops
  [[nodiscard]] static Result<std::unique_ptr<NamesServer>> make(const ListenAddress& address,
                                                                 const LinkCredentials& credentials,
                                                                 NamesLog& log);
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

}  // namespace netprobe
