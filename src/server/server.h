// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "server/options.h"

namespace netprobe {

/// The cluster's server: finds agents, asks them, and serves their answers as one.
class Server {
 public:
  virtual ~Server() = default;  ///< stops
  /// Takes its ports; asks nobody yet. Errors of kind kUsage are the user's.
  [[nodiscard]] static Result<std::unique_ptr<Server>> make(const ServerOptions& options);
  [[nodiscard]] virtual Status start() = 0;
  /// In less than two seconds; what is still asked is answered with 503.
  virtual void stop() = 0;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

}  // namespace netprobe
