// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>

#include "export/faults/fault_table.h"
#include "export/http_receiver.h"

namespace netprobe::test {
namespace {

/// What a receiver of OTLP took. Rejects the first half of each request, if it is told to.
class OtlpTaken {
 public:
  void take(const logs::ExportLogsServiceRequest& request,
            logs::ExportLogsServiceResponse& response) {
    auto ids = flow_ids(std::vector<logs::ExportLogsServiceRequest>{request});
    if (rejects) {
      const auto half = ids.size() / 2;
      ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(half));
      response.mutable_partial_success()->set_rejected_log_records(static_cast<int>(half));
      response.mutable_partial_success()->set_error_message("too old");
    }
    const MutexLock lock(mutex_);
    ids_.insert(ids_.end(), ids.begin(), ids.end());
  }
  [[nodiscard]] std::vector<std::uint64_t> ids() const {
    const MutexLock lock(mutex_);
    return ids_;
  }
  std::atomic<bool> rejects = false;

 private:
  mutable Mutex mutex_;
  std::vector<std::uint64_t> ids_ NETPROBE_GUARDED_BY(mutex_);
};

class OtlpGrpcReceiver final : public StreamReceiver<FaultyProxy> {
 public:
  OtlpGrpcReceiver() : StreamReceiver(6'000) {
    server_.start();
    proxy_.emplace(server_.port());
  }
  std::string url() const override { return "otlp+grpc://" + proxy_->at() + "?signals=logs&"; }
  ExportScheme scheme() const override { return kOtlpGrpcExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_otlp_sender(target, kClock);
  }
  void begin(Fault fault) override {
    taken_.rejects = fault == Fault::kRejects;
    StreamReceiver::begin(fault);
  }
  std::vector<std::uint64_t> ids() override { return taken_.ids(); }
  std::size_t most_twice() const override { return kAll; }

 private:
  FaultyProxy& port() override { return *proxy_; }
  OtlpTaken taken_;
  OtlpReceiver server_{[this](const auto& request, auto& response) {
    taken_.take(request, response);
    return grpc::Status::OK;
  }};
  std::optional<FaultyProxy> proxy_;
};

class OtlpHttpReceiver final : public StreamReceiver<FaultyProxy> {
 public:
  OtlpHttpReceiver() : StreamReceiver(20'000) {}
  std::string url() const override { return "otlp+http://" + proxy_.at() + "?signals=logs&"; }
  ExportScheme scheme() const override { return kOtlpHttpExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_otlp_sender(target, kClock);
  }
  void begin(Fault fault) override {
    taken_.rejects = fault == Fault::kRejects;
    StreamReceiver::begin(fault);
  }
  std::vector<std::uint64_t> ids() override { return taken_.ids(); }
  std::size_t most_twice() const override { return kAll; }

 private:
  FaultyProxy& port() override { return proxy_; }
  HttpReceiver::Reply take(const HttpReceiver::Request& request) {
    logs::ExportLogsServiceRequest message;
    EXPECT_TRUE(message.ParseFromString(gunzip(request.body)));
    logs::ExportLogsServiceResponse response;
    taken_.take(message, response);
    return {200, "Content-Type: application/x-protobuf\r\n", response.SerializeAsString()};
  }
  OtlpTaken taken_;
  HttpReceiver server_{[this](const auto& request) { return take(request); }};
  FaultyProxy proxy_{server_.port()};
};

using enum Fault;

TEST(FaultTable, OtlpHttp) { check_faults<OtlpHttpReceiver>({kDown, kSlow, kBreaks, kRejects}); }
TEST(FaultTable, OtlpGrpc) { check_faults<OtlpGrpcReceiver>({kDown, kSlow, kBreaks, kRejects}); }

}  // namespace
}  // namespace netprobe::test
