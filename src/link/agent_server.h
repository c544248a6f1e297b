// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "link/agent_sources.h"
#include "link/credentials.h"
#include "link/live_hub.h"

namespace netprobe {

/// "10.0.0.1:8082", "[::1]:8082", ":8082" (all addresses), or a port alone.
struct ListenAddress {
  std::string host;  ///< empty: all
  std::uint16_t port = 0;
  [[nodiscard]] static Result<ListenAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

/// An agent's gRPC server: listens, and answers from its sources.
class AgentServer {
 public:
  virtual ~AgentServer() = default;  ///< stops
  /// `live`: node and run_id are taken from `service`. kBusy where the port is taken.
  [[nodiscard]] static Result<std::unique_ptr<AgentServer>> make(ListenAddress address,
                                                                 const LinkCredentials& credentials,
                                                                 AgentServiceOptions service,
                                                                 AgentSources sources,
                                                                 LiveHubOptions live = {});
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Ends all calls; no source is asked any more. Idempotent.
  virtual void stop() = 0;
};

}  // namespace netprobe
