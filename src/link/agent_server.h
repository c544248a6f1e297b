// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "link/agent_sources.h"
#include "link/credentials.h"
#include "link/listen_address.h"
#include "link/live_hub.h"

namespace netprobe {

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
  [[nodiscard]] virtual AgentServiceCounts counts() const = 0;
  /// Ends all calls; no source is asked any more. Idempotent.
  virtual void stop() = 0;
};

}  // namespace netprobe
