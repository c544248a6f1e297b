// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/data_loop.h"
#include "agent/options.h"
#include "api/api.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "io/http_server.h"
#include "link/agent_module.h"
#include "model/link_counts.h"

namespace netprobe {

class PageFetcher;

/// The agent's side of the cluster: serves netprobe-server, and learns names from it,
/// as far as the options ask. gRPC is loaded only then (netprobe-link.so).
class AgentLink {
 public:
  /// Nothing is served yet. An error: what was asked for cannot be.
  [[nodiscard]] static Result<AgentLink> make(const AgentOptions& options, const Clock& clock);
  ~AgentLink();
  AgentLink(AgentLink&&) noexcept;
  AgentLink& operator=(AgentLink&&) = delete;

  /// Who tells of the cluster's objects; empty: the API server alone.
  [[nodiscard]] NamesMaker names() const;
  /// Listens, where that was asked for. What is in `sources`, the server and `alerts` outlive
  /// it; null: detection is off.
  [[nodiscard]] Status serve(const ApiSources& sources, HttpServer& http, AlertFeed* alerts);
  /// Nothing is asked of the sources any more.
  void stop();
  /// Nothing: no server may ask here. Any thread.
  [[nodiscard]] std::optional<LinkCounts> counts() const;

 private:
  AgentLink(const AgentOptions& options, const Clock& clock);

  std::unique_ptr<AgentOptions> options_;
  const Clock& clock_;
  const LinkModule* module_ = nullptr;  ///< null: nothing was asked for
  LinkCredentialsPtr credentials_;
  std::unique_ptr<PageFetcher> pages_;
  /// Metrics are asked for while it ends.
  std::unique_ptr<Mutex> mutex_ = std::make_unique<Mutex>();
  std::unique_ptr<AgentServer> server_ NETPROBE_GUARDED_BY(*mutex_);
};

}  // namespace netprobe
