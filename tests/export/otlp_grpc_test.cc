// SPDX-License-Identifier: Apache-2.0
// Calls of gRPC that libcurl makes, against gRPC's own server.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <mutex>

#include "export/export_testing.h"
#include "export/http_receiver.h"
#include "export/prometheus/prometheus_exporter.h"
#include "export/prometheus/testing/small_snapshot.h"
#include "support/certificates.h"

namespace netprobe::test {
namespace {

using testing::made_flows;

std::string url_of(const OtlpReceiver& receiver, const std::string& more = "") {
  return "otlp+grpc://127.0.0.1:" + std::to_string(receiver.port()) +
         "?signals=logs&fields=flow_id,src.ip,src.namespace&interval=10ms" + more;
}

TEST(OtlpGrpc, TakesRecordsEachOnce) {
  OtlpReceiver receiver;
  receiver.start();
  auto outbox = outbox_to(url_of(receiver));
  for (std::uint64_t i = 0; i < 10; ++i) outbox->put(made_flows(1'000, 1 + i * 1'000));
  outbox->stop(kPatience);
  expect_each_once(flow_ids(receiver.log_requests()), 10'000);
  const OutboxStatus status = outbox->status();
  EXPECT_EQ(status.sent, 10'000U);
  EXPECT_EQ(status.problem, "");
  EXPECT_GT(status.bytes, 10'000U);
  expect_adds_up(status);
}

TEST(OtlpGrpc, SendsPlainWhereItIsTold) {
  OtlpReceiver receiver;
  receiver.start();
  auto outbox = outbox_to(url_of(receiver, "&compression=none"));
  outbox->put(made_flows(100));
  outbox->stop(kPatience);
  expect_each_once(flow_ids(receiver.log_requests()), 100);
}

TEST(OtlpGrpc, CutsWhatIsTooLargeForOneCall) {
  OtlpReceiver receiver;  // takes 4 MiB, as gRPC's servers do by default
  receiver.start();
  auto outbox =
      outbox_to("otlp+grpc://127.0.0.1:" + std::to_string(receiver.port()) +
                "?batch=30000&fields=flow_id,src.ip,dst.ip,src.name,dst.name,src.workload,"
                "dst.workload,src.namespace,dst.namespace,src.node,dst.node");
  outbox->put(made_flows(30'000));
  outbox->stop(kPatience);
  expect_each_once(flow_ids(receiver.log_requests()), 30'000);
  EXPECT_GT(receiver.log_requests().size(), 2U);
}

TEST(OtlpGrpc, SmallerReceiversGetLess) {
  OtlpReceiver receiver([](const auto& request, auto&) {
    return request.resource_logs(0).scope_logs(0).log_records_size() > 600
               ? grpc::Status(grpc::RESOURCE_EXHAUSTED, "message larger than max")
               : grpc::Status::OK;
  });
  receiver.start();
  auto outbox = outbox_to(url_of(receiver, "&batch=4000"));
  outbox->put(made_flows(4'000));
  outbox->stop(kPatience);
  expect_each_once(flow_ids(receiver.log_requests()), 4'000);
  EXPECT_EQ(lost_of(outbox->status()), 0U);
}

TEST(OtlpGrpc, WaitsAsLongAsItIsAskedTo) {
  std::atomic<int> calls = 0;
  std::atomic<Nanos> first = 0;
  std::atomic<Nanos> second = 0;
  OtlpReceiver receiver([&](const auto&, auto&) {
    const int call = calls++;
    if (call == 0) first = kClock.monotonic();
    if (call == 1) second = kClock.monotonic();
    return call == 0 ? retry_status(grpc::RESOURCE_EXHAUSTED, 1'500 * kMillisecond)
                     : grpc::Status::OK;
  });
  receiver.start();
  auto outbox = outbox_to(url_of(receiver));
  outbox->put(made_flows(10));
  ASSERT_TRUE(eventually([&] { return outbox->status().sent == 10; }));
  EXPECT_GE(second - first, 1'500 * kMillisecond);
  EXPECT_EQ(outbox->status().retries, 1U);
  outbox->stop(0);
  expect_each_once(flow_ids(receiver.log_requests()), 10);
}

TEST(OtlpGrpc, EveryStatusIsSettledAsTheSpecificationSays) {
  for (int code = 1; code <= 16; ++code) {
    OtlpReceiver receiver(
        [&, first = std::make_shared<std::atomic<bool>>(true)](const auto&, auto&) {
          return first->exchange(false)
                     ? grpc::Status(static_cast<grpc::StatusCode>(code), "no \xc3\xa9 thanks")
                     : grpc::Status::OK;
        });
    receiver.start();
    auto outbox = outbox_to(url_of(receiver, "&batch=10"));
    outbox->put(made_flows(10));
    ASSERT_TRUE(eventually([&] { return outbox->status().waiting == 0; })) << code;
    const OutboxStatus status = outbox->status();
    const bool again =
        code == 1 || code == 4 || code == 10 || code == 11 || code == 14 || code == 15;
    // 8 without a RetryInfo: less at a time, which these few bytes cannot be.
    EXPECT_EQ(status.sent, again ? 10U : 0U) << code << status.problem;
    EXPECT_EQ(lost_of(status, "rejected"), again ? 0U : 10U) << code;
    if (!again) EXPECT_TRUE(status.problem.contains("no \xc3\xa9 thanks")) << status.problem;
    expect_adds_up(status);
    outbox->stop(0);
  }
}

TEST(OtlpGrpc, WhatIsRejectedInPartIsCounted) {
  OtlpReceiver receiver([](const auto& request, auto& response) {
    const auto records = request.resource_logs(0).scope_logs(0).log_records_size();
    response.mutable_partial_success()->set_rejected_log_records(records / 2);
    response.mutable_partial_success()->set_error_message("too old");
    return grpc::Status::OK;
  });
  receiver.start();
  auto outbox = outbox_to(url_of(receiver));
  outbox->put(made_flows(1'000));
  outbox->stop(kPatience);
  const OutboxStatus status = outbox->status();
  EXPECT_EQ(status.sent, 500U);
  EXPECT_EQ(lost_of(status, "rejected"), 500U);
  EXPECT_TRUE(status.problem.contains("too old")) << status.problem;
  EXPECT_EQ(receiver.calls(), 1U);
  expect_adds_up(status);
}

TEST(OtlpGrpc, AReceiverThatComesBackGetsAll) {
  OtlpReceiver receiver;
  receiver.start();
  auto outbox = outbox_to(url_of(receiver));
  outbox->put(made_flows(500, 1));
  ASSERT_TRUE(eventually([&] { return outbox->status().sent == 500; }));
  receiver.kill();
  outbox->put(made_flows(500, 501));
  ASSERT_TRUE(eventually([&] { return outbox->status().retries > 0; }));
  EXPECT_FALSE(outbox->status().connected);
  EXPECT_NE(outbox->status().problem, "");
  receiver.start();
  ASSERT_TRUE(eventually([&] { return outbox->status().sent == 1'000; }));
  EXPECT_TRUE(outbox->status().connected);
  outbox->stop(0);
  expect_each_once(flow_ids(receiver.log_requests()), 1'000);
}

TEST(OtlpGrpc, AReceiverThatIsKilledMidSendHasNoRecordTwiceThatItAnsweredFor) {
  std::atomic<bool> hang = true;
  std::atomic<bool> inside = false;
  OtlpReceiver receiver([&](const auto&, auto&) {
    inside = true;
    while (hang) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return grpc::Status(grpc::UNAVAILABLE, "going down");
  });
  receiver.start();
  auto outbox = outbox_to(url_of(receiver, "&timeout=1s"));
  outbox->put(made_flows(100));
  ASSERT_TRUE(eventually([&] { return inside.load(); }));
  // The call outlives its deadline: nobody knows what became of it.
  ASSERT_TRUE(eventually([&] { return outbox->status().retries > 0; }));
  EXPECT_EQ(outbox->status().sent, 0U);
  EXPECT_EQ(outbox->status().waiting, 100U);
  hang = false;
  receiver.kill();
  outbox->stop(0);
  EXPECT_EQ(lost_of(outbox->status(), "stopped"), 100U);
  expect_adds_up(outbox->status());
}

TEST(OtlpGrpc, StoppingEndsASendThatHangs) {
  std::atomic<bool> hang = true;
  OtlpReceiver receiver([&](const auto&, auto&) {
    while (hang) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return grpc::Status::OK;
  });
  receiver.start();
  auto outbox = outbox_to(url_of(receiver, "&timeout=300s"));
  outbox->put(made_flows(100));
  ASSERT_TRUE(receiver.wait_for_calls(1));
  outbox->stop(50 * kMillisecond);  // returns, long before the timeout
  hang = false;
  expect_adds_up(outbox->status());
  EXPECT_EQ(outbox->status().waiting, 0U);
}

TEST(OtlpGrpc, SomethingElseThatAnswersIsNotTakenForAReceiver) {
  for (const char* raw : {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "\x16\x03garbage",
                          "\x00\x00\x04\x08\x00\x00\x00\x00\x00\xff\xff\xff\xff"}) {
    HttpReceiver other([&](const auto&) { return HttpReceiver::Reply{.raw = raw}; });
    auto outbox = outbox_to("otlp+grpc://127.0.0.1:" + std::to_string(other.port()) +
                            "?interval=10ms&timeout=1s");
    outbox->put(made_flows(10));
    ASSERT_TRUE(eventually([&] { return outbox->status().retries > 0; })) << raw;
    const OutboxStatus status = outbox->status();
    EXPECT_EQ(status.sent, 0U);
    EXPECT_EQ(status.waiting, 10U);
    EXPECT_NE(status.problem, "");
    outbox->stop(0);
    expect_adds_up(outbox->status());
  }
}

TEST(OtlpGrpc, SendsHeadersOfAFileThatMayChange) {
  OtlpReceiver receiver;
  receiver.start();
  const TempDir dir;
  const std::string file = dir.file("headers");
  write_file(file, "authorization: Bearer one\n");
  auto outbox = outbox_to(url_of(receiver, "&headers=" + file));
  outbox->put(made_flows(1));
  ASSERT_TRUE(eventually([&] { return outbox->status().sent == 1; }));
  EXPECT_EQ(receiver.header("authorization"), "Bearer one");
  write_file(file, "authorization: Bearer two\n");
  outbox->put(made_flows(1, 2));
  ASSERT_TRUE(eventually([&] { return outbox->status().sent == 2; }));
  EXPECT_EQ(receiver.header("authorization"), "Bearer two");
  outbox->stop(0);
}

class OtlpGrpcTls : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(certificates_.trouble(), "");
    grpc::SslServerCredentialsOptions options(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = text_of_file(certificates_.file("ca"));
    options.pem_key_cert_pairs.push_back(
        {text_of_file(certificates_.key("server")), text_of_file(certificates_.file("server"))});
    receiver_.start(grpc::SslServerCredentials(options));
  }
  [[nodiscard]] std::string url(const std::string& more) const {
    return "otlp+grpcs://127.0.0.1:" + std::to_string(receiver_.port()) +
           "?fields=flow_id&interval=10ms&timeout=2s" + more;
  }
  [[nodiscard]] std::string client(const std::string& name) const {
    return "&certificate=" + certificates_.file(name) + "&key=" + certificates_.key(name);
  }
  /// What a target that cannot get through says.
  std::string refusal(const std::string& more) const {
    auto outbox = outbox_to(url(more));
    outbox->put(made_flows(5));
    EXPECT_TRUE(eventually([&] { return outbox->status().retries > 0; }));
    const OutboxStatus status = outbox->status();
    EXPECT_EQ(status.sent, 0U);
    EXPECT_EQ(status.waiting, 5U);
    outbox->stop(0);
    return status.problem;
  }
  Certificates certificates_;
  OtlpReceiver receiver_;
};

TEST_F(OtlpGrpcTls, BothSidesShowWhoTheyAre) {
  auto outbox = outbox_to(url("&ca=" + certificates_.file("ca") + client("client")));
  outbox->put(made_flows(100));
  ASSERT_TRUE(eventually([&] { return outbox->status().sent == 100; })) << outbox->status().problem;
  // And once more, on the same connection.
  outbox->put(made_flows(100, 101));
  ASSERT_TRUE(eventually([&] { return outbox->status().sent == 200; })) << outbox->status().problem;
  EXPECT_EQ(outbox->status().retries, 0U);
  outbox->stop(0);
  expect_each_once(flow_ids(receiver_.log_requests()), 200);
}

TEST_F(OtlpGrpcTls, NobodyElseGetsRecordsOrSendsThem) {
  EXPECT_NE(refusal(client("client")), "");  // an authority that nobody named
  EXPECT_NE(refusal("&ca=" + certificates_.file("ca")), "");
  EXPECT_NE(refusal("&ca=" + certificates_.file("ca") + client("old")), "");
  EXPECT_TRUE(receiver_.log_requests().empty());
}

TEST(OtlpGrpc, MetricsArriveAsTheyAre) {
  OtlpReceiver receiver;
  receiver.start();
  const ExportTarget target =
      target_of("otlp+grpc://127.0.0.1:" + std::to_string(receiver.port()) + "?signals=metrics");
  EXPECT_EQ(*make_otlp_sender(target, kClock), nullptr);
  auto sender = make_otlp_metric_sender(target, kClock);
  ASSERT_TRUE(sender);
  auto set = std::make_shared<const MetricSet>(
      PrometheusExporter({}).collect(netprobe::testing::small_snapshot()));
  auto push = MetricPush::make(
      target, 3'600 * kSecond, std::move(*sender), [&](auto done) { done([&] { return set; }); },
      kClock);
  push->start();
  ASSERT_TRUE(receiver.wait_for_calls(1));
  ASSERT_TRUE(eventually([&] { return push->status().sent > 0; }));
  push->stop(kPatience);
  EXPECT_EQ(push->status().sent, set->samples.size() + set->histograms.size());
  EXPECT_EQ(receiver.metric_requests().size(), 1U);
}

}  // namespace
}  // namespace netprobe::test
