// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <netprobe/manager.h>
#include <netprobe/types.h>

NETPROBE_BEGIN_API

class NetworkIntegrator;

enum class MetricsFormat : std::uint8_t {
  kPrometheus,   ///< text exposition format 0.0.4
  kOpenMetrics,  ///< OpenMetrics 1.0.0
};

/// Makes the metrics page of netprobe-agent (docs/metrics.md) from what it is
/// given. Copies are the same collector. What it was given may be destroyed first:
/// the page then says nothing of it any more.
class NETPROBE_API Collector {
 public:
  Collector();
  /// The last one given counts. From any thread.
  void add(const Manager& manager);
  void add(const NetworkIntegrator& integrator);
  /// The page as of now. kFailed where nothing was given.
  [[nodiscard]] Result<std::string> render(MetricsFormat format = MetricsFormat::kPrometheus) const;

  class Impl;

 private:
  friend class MetricsServer;
  std::shared_ptr<Impl> impl_;
};

struct MetricsServerOptions {
  std::string address;        ///< numeric; empty: all, IPv6 and IPv4
  std::uint16_t port = 8081;  ///< 0: any free one, see MetricsServer::port()
  std::string path = "/metrics";
};

/// Serves a collector's page by HTTP to Prometheus, in the format that it asks
/// for, and /health(z) and /ready(z): ready once the collector has something to
/// tell. One thread of its own.
class NETPROBE_API MetricsServer {
 public:
  /// Listens; nothing is answered before start(). kBusy where the port is taken,
  /// kUsage for a bad address or path.
  [[nodiscard]] static Result<MetricsServer> create(const Collector& collector,
                                                    MetricsServerOptions options = {});
  MetricsServer(MetricsServer&& other) noexcept;
  MetricsServer& operator=(MetricsServer&& other) noexcept;
  ~MetricsServer();  ///< stops

  [[nodiscard]] Result<void> start();
  /// Closes every connection. Idempotent; it cannot be started again.
  void stop();
  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:8081/metrics"
  [[nodiscard]] std::string url() const;

 private:
  class Impl;
  explicit MetricsServer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

NETPROBE_END_API
