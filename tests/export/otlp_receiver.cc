// SPDX-License-Identifier: Apache-2.0
#include "export/otlp_receiver.h"

#include <chrono>

#include "rpc_status.pb.h"

namespace netprobe::test {

void OtlpReceiver::start(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port_), credentials, &port_);
  builder.RegisterService(static_cast<logs::LogsService::Service*>(this));
  builder.RegisterService(static_cast<metrics::MetricsService::Service*>(this));
  server_ = builder.BuildAndStart();
}

void OtlpReceiver::kill() {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

template <typename Context>
void OtlpReceiver::note(const Context& context) {
  const MutexLock lock(mutex_);
  ++calls_;
  headers_.clear();
  for (const auto& [name, value] : context.client_metadata())
    headers_[{name.data(), name.size()}] = {value.data(), value.size()};
  changed_.notify_all();
}

grpc::Status OtlpReceiver::Export(grpc::ServerContext* context,
                                  const logs::ExportLogsServiceRequest* request,
                                  logs::ExportLogsServiceResponse* response) {
  note(*context);
  const grpc::Status status = on_logs_ ? on_logs_(*request, *response) : grpc::Status::OK;
  const MutexLock lock(mutex_);
  if (status.ok()) logs_.push_back(*request);
  return status;
}

grpc::Status OtlpReceiver::Export(grpc::ServerContext* context,
                                  const metrics::ExportMetricsServiceRequest* request,
                                  metrics::ExportMetricsServiceResponse* /*response*/) {
  note(*context);
  const MutexLock lock(mutex_);
  metrics_.push_back(*request);
  changed_.notify_all();
  return grpc::Status::OK;
}

std::vector<logs::ExportLogsServiceRequest> OtlpReceiver::log_requests() const {
  const MutexLock lock(mutex_);
  return logs_;
}
std::vector<metrics::ExportMetricsServiceRequest> OtlpReceiver::metric_requests() const {
  const MutexLock lock(mutex_);
  return metrics_;
}
std::size_t OtlpReceiver::calls() const {
  const MutexLock lock(mutex_);
  return calls_;
}
std::string OtlpReceiver::header(const std::string& name) const {
  const MutexLock lock(mutex_);
  const auto found = headers_.find(name);
  return found == headers_.end() ? std::string() : found->second;
}
bool OtlpReceiver::wait_for_calls(std::size_t count) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const MutexLock lock(mutex_);
  while (calls_ < count)
    if (changed_.wait_until(mutex_, end) == std::cv_status::timeout) return false;
  return true;
}

grpc::Status retry_status(grpc::StatusCode code, Nanos delay) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(delay / kSecond);
  info.mutable_retry_delay()->set_nanos(static_cast<int>(delay % kSecond));
  google::rpc::Status status;
  status.set_code(code);
  status.set_message("later");
  status.add_details()->PackFrom(info);
  return {code, "later", status.SerializeAsString()};
}

}  // namespace netprobe::test
