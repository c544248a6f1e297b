// SPDX-License-Identifier: Apache-2.0
// OTLP over HTTP, and what receivers may answer.
#include <gtest/gtest.h>

#include <atomic>

#include "export/export_testing.h"
#include "export/http_receiver.h"
#include "rpc_status.pb.h"

namespace netprobe::test {
namespace {

using testing::made_flows;
using Reply = HttpReceiver::Reply;

const std::string kProto = "Content-Type: application/x-protobuf\r\n";

/// Answers as a handler says, and remembers what was answered with success.
class Receiver {
 public:
  using Decide = std::function<Reply(int call, const HttpReceiver::Request&)>;
  explicit Receiver(Decide decide)
      : decide_(std::move(decide)),
        server_([this](const HttpReceiver::Request& request) { return take(request); }) {}

  [[nodiscard]] std::string url(const std::string& more = "") const {
    return "otlp+http://127.0.0.1:" + std::to_string(server_.port()) +
           "/base?signals=logs&fields=flow_id&interval=10ms&timeout=2s" + more;
  }
  std::vector<logs::ExportLogsServiceRequest> taken() {
    const MutexLock lock(mutex_);
    return taken_;
  }
  std::atomic<int> calls = 0;

 private:
  Reply take(const HttpReceiver::Request& request) {
    EXPECT_EQ(request.target, "/base/v1/logs");
    EXPECT_EQ(request.headers.at("content-type"), "application/x-protobuf");
    logs::ExportLogsServiceRequest message;
    const bool zipped = request.headers.contains("content-encoding");
    EXPECT_TRUE(message.ParseFromString(zipped ? gunzip(request.body) : request.body));
    Reply reply = decide_(calls++, request);
    if (reply.status < 300 && !reply.hang_up && reply.raw.empty()) {
      const MutexLock lock(mutex_);
      taken_.push_back(std::move(message));
    }
    return reply;
  }
  const Decide decide_;
  Mutex mutex_;
  std::vector<logs::ExportLogsServiceRequest> taken_ NETPROBE_GUARDED_BY(mutex_);
  HttpReceiver server_;
};

OutboxStatus send_ten(const std::string& url) {
  auto outbox = outbox_to(url);
  outbox->put(made_flows(10));
  EXPECT_TRUE(eventually([&] { return outbox->status().waiting == 0; }));
  const OutboxStatus status = outbox->status();
  outbox->stop(0);
  expect_adds_up(status);
  return status;
}

TEST(OtlpHttp, TakesRecordsEachOnce) {
  Receiver receiver([](int, const auto&) { return Reply{200, kProto, ""}; });
  auto outbox = outbox_to(receiver.url());
  for (std::uint64_t i = 0; i < 10; ++i) outbox->put(made_flows(1'000, 1 + i * 1'000));
  outbox->stop(kPatience);
  expect_each_once(flow_ids(receiver.taken()), 10'000);
  EXPECT_EQ(outbox->status().sent, 10'000U);
}

TEST(OtlpHttp, SomeReceiversAnswerWithNothingOrWithJson) {
  for (const Reply& reply : {Reply{204, "", ""}, Reply{202, "", ""},
                             Reply{200, "Content-Type: application/json\r\n", "{}"}}) {
    Receiver receiver([&](int, const auto&) { return reply; });
    EXPECT_EQ(send_ten(receiver.url()).sent, 10U) << reply.status;
  }
}

TEST(OtlpHttp, StatusesAreSettledAsTheSpecificationSays) {
  for (const int status : {400, 401, 403, 404, 413, 429, 500, 501, 502, 503, 504}) {
    google::rpc::Status words;
    words.set_message("because");
    Receiver receiver([&](int call, const auto&) {
      return call == 0 ? Reply{status, kProto, words.SerializeAsString()} : Reply{200, "", ""};
    });
    const OutboxStatus done = send_ten(receiver.url());
    const bool again = status == 429 || (status >= 502 && status <= 504);
    EXPECT_EQ(done.sent, again ? 10U : 0U) << status;
    EXPECT_EQ(lost_of(done, "rejected"), again ? 0U : 10U) << status;
    if (!again) EXPECT_TRUE(done.problem.contains("because")) << done.problem;
    expect_each_once(flow_ids(receiver.taken()), again ? 10 : 0);
  }
}

TEST(OtlpHttp, WaitsAsLongAsItIsAskedTo) {
  std::atomic<Nanos> first = 0;
  std::atomic<Nanos> second = 0;
  Receiver receiver([&](int call, const auto&) {
    (call == 0 ? first : second) = kClock.monotonic();
    return call == 0 ? Reply{503, "Retry-After: 2\r\n", ""} : Reply{200, "", ""};
  });
  EXPECT_EQ(send_ten(receiver.url()).sent, 10U);
  EXPECT_GE(second - first, 2 * kSecond);
}

TEST(OtlpHttp, HalfABatchThatIsRejectedIsCountedAndNotSentAgain) {
  logs::ExportLogsServiceResponse response;
  response.mutable_partial_success()->set_rejected_log_records(5);
  response.mutable_partial_success()->set_error_message("attributes\ntoo long");
  Receiver receiver(
      [&](int, const auto&) { return Reply{200, kProto, response.SerializeAsString()}; });
  const OutboxStatus status = send_ten(receiver.url());
  EXPECT_EQ(status.sent, 5U);
  EXPECT_EQ(lost_of(status, "rejected"), 5U);
  EXPECT_TRUE(status.problem.contains("attributes too long")) << status.problem;
  EXPECT_EQ(receiver.calls, 1);
}

TEST(OtlpHttp, LyingCountsAreNoMoreThanWasSent) {
  logs::ExportLogsServiceResponse response;
  for (const std::int64_t rejected : {INT64_MAX, INT64_MIN, std::int64_t{-1}}) {
    response.mutable_partial_success()->set_rejected_log_records(rejected);
    Receiver receiver(
        [&](int, const auto&) { return Reply{200, kProto, response.SerializeAsString()}; });
    EXPECT_EQ(send_ten(receiver.url()).sent, rejected > 0 ? 0U : 10U);
  }
}

TEST(OtlpHttp, GarbageInASuccessIsSaidAndNotSentAgain) {
  Receiver receiver([](int, const auto&) { return Reply{200, kProto, "\xff\xff\xff garbage"}; });
  const OutboxStatus status = send_ten(receiver.url());
  EXPECT_EQ(status.sent, 10U);
  EXPECT_EQ(receiver.calls, 1);
  EXPECT_NE(status.problem, "");
}

TEST(OtlpHttp, AWebServerIsNotTakenForAReceiver) {
  Receiver receiver([](int call, const auto&) {
    return call == 0 ? Reply{200, "Content-Type: text/html\r\n", "<html>hello</html>"}
                     : Reply{204, "", ""};
  });
  const OutboxStatus status = send_ten(receiver.url());
  EXPECT_EQ(status.sent, 10U);
  EXPECT_EQ(status.retries, 1U);
}

TEST(OtlpHttp, AnAnswerThatBreaksOffIsNoAnswer) {
  for (const std::string& raw : {std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
                                 std::string("HTTP/1.1 2"), std::string(70'000, 'x')}) {
    Receiver receiver(
        [&](int call, const auto&) { return call == 0 ? Reply{.raw = raw} : Reply{204, "", ""}; });
    const OutboxStatus status = send_ten(receiver.url());
    EXPECT_EQ(status.sent, 10U);
    EXPECT_GE(receiver.calls, 2);
  }
}

TEST(OtlpHttp, AConnectionThatDiesInAMomentIsNoLoss) {
  Receiver receiver([](int call, const auto&) {
    return call % 2 == 0 ? Reply{.hang_up = true} : Reply{204, "", ""};
  });
  auto outbox = outbox_to(receiver.url("&batch=100"));
  outbox->put(made_flows(500));
  ASSERT_TRUE(eventually([&] { return outbox->status().sent == 500; }));
  outbox->stop(0);
  expect_each_once(flow_ids(receiver.taken()), 500);
}

TEST(OtlpHttp, NobodyThereIsSaidAndNothingIsLostUntilTheQueueIsFull) {
  auto outbox = outbox_to("otlp+http://127.0.0.1:9?interval=10ms&queue=64KiB");
  for (int i = 0; i < 20; ++i) outbox->put(made_flows(100));
  ASSERT_TRUE(eventually([&] { return outbox->status().retries > 0; }));
  const OutboxStatus status = outbox->status();
  EXPECT_TRUE(status.problem.contains("127.0.0.1")) << status.problem;
  EXPECT_GT(status.waiting, 0U);
  EXPECT_EQ(status.waiting + lost_of(status, "queue_full"), 2'000U);
  outbox->stop(0);
  expect_adds_up(outbox->status());
}

TEST(OtlpTarget, RefusesWhatMakesNoSense) {
  const auto error_of = [](const std::string& url) {
    const auto sender = make_otlp_sender(target_of(url), kClock);
    return sender ? std::string() : sender.error().message;
  };
  EXPECT_EQ(error_of("otlp+http://collector"), "");
  EXPECT_EQ(error_of("otlp+http://[::1]:4318/v1/logs"), "");
  EXPECT_TRUE(error_of("otlp+grpc://collector/path").contains("path"));
  EXPECT_TRUE(error_of("otlp+http://collector?signals=traces").contains("traces"));
  EXPECT_TRUE(error_of("otlp+http://collector?compression=zip").contains("zip"));
  EXPECT_TRUE(error_of("otlp+http://collector?every=1ms").contains("1ms"));
  EXPECT_TRUE(error_of("otlp+http://collector?resource=x").contains("resource"));
  EXPECT_TRUE(error_of("otlp+http://collector?insecure=true").contains("TLS"));
  EXPECT_TRUE(error_of("otlp+https://collector?ca=/nonexistent").contains("/nonexistent"));
  EXPECT_TRUE(error_of("otlp+https://collector?headers=/nonexistent").contains("/nonexistent"));
}

}  // namespace
}  // namespace netprobe::test
