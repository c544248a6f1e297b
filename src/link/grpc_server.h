// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "link/agent_server.h"
#include "link/credentials.h"

namespace grpc {
class Server;
class Service;
}  // namespace grpc

namespace netprobe {

struct BuiltServer {
  std::unique_ptr<grpc::Server> server;
  std::uint16_t port = 0;
};
/// A gRPC server with the bounds that all of ours have: on the size of messages, on
/// streams of one connection, and on connections that are silent.
[[nodiscard]] Result<BuiltServer> build_server(const ListenAddress& address,
                                               const LinkCredentials& credentials,
                                               const std::vector<grpc::Service*>& services);

}  // namespace netprobe
