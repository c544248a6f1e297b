// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/grpcpp.h>
#include <opentelemetry/proto/collector/logs/v1/logs_service.grpc.pb.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.grpc.pb.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace netprobe::test {

namespace logs = opentelemetry::proto::collector::logs::v1;
namespace metrics = opentelemetry::proto::collector::metrics::v1;

/// A receiver of OTLP made of the official services and gRPC's own server: what it
/// reads, NetProbe had no hand in.
class OtlpReceiver final : public logs::LogsService::Service,
                           public metrics::MetricsService::Service {
 public:
  using OnLogs = std::function<grpc::Status(const logs::ExportLogsServiceRequest&,
                                            logs::ExportLogsServiceResponse&)>;

  OtlpReceiver() = default;
  explicit OtlpReceiver(OnLogs on_logs) : on_logs_(std::move(on_logs)) {}
  ~OtlpReceiver() override { kill(); }

  /// On 127.0.0.1; the port of the first time again where it was started before.
  void start(const std::shared_ptr<grpc::ServerCredentials>& credentials =
                 grpc::InsecureServerCredentials());
  /// Cuts off calls that are under way.
  void kill();
  [[nodiscard]] int port() const { return port_; }

  /// What was answered with OK, in their order.
  [[nodiscard]] std::vector<logs::ExportLogsServiceRequest> log_requests() const;
  [[nodiscard]] std::vector<metrics::ExportMetricsServiceRequest> metric_requests() const;
  /// Calls, whatever came of them.
  [[nodiscard]] std::size_t calls() const;
  /// The newest call's header; empty without.
  [[nodiscard]] std::string header(const std::string& name) const;
  [[nodiscard]] bool wait_for_calls(std::size_t count) const;

 private:
  template <typename Context>
  void note(const Context& context);
  grpc::Status Export(grpc::ServerContext* context, const logs::ExportLogsServiceRequest* request,
                      logs::ExportLogsServiceResponse* response) override;
  grpc::Status Export(grpc::ServerContext* context,
                      const metrics::ExportMetricsServiceRequest* request,
                      metrics::ExportMetricsServiceResponse* response) override;

  const OnLogs on_logs_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  mutable Mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::vector<logs::ExportLogsServiceRequest> logs_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<metrics::ExportMetricsServiceRequest> metrics_ NETPROBE_GUARDED_BY(mutex_);
  std::map<std::string, std::string> headers_ NETPROBE_GUARDED_BY(mutex_);
  std::size_t calls_ NETPROBE_GUARDED_BY(mutex_) = 0;
};

/// A status with a RetryInfo.
[[nodiscard]] grpc::Status retry_status(grpc::StatusCode code, Nanos delay);

}  // namespace netprobe::test
