// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "link/agent_sources.h"

namespace grpc {
class Service;
}

namespace netprobe {

class LiveHub;

/// The Agent service of link/proto/netprobe.proto. Stop its server first.
class AgentService {
 public:
  AgentService(AgentServiceOptions options, AgentSources sources, LiveHub& live);
  ~AgentService();
  AgentService(const AgentService&) = delete;
  AgentService& operator=(const AgentService&) = delete;

  [[nodiscard]] grpc::Service& service();
  [[nodiscard]] AgentServiceCounts counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe
