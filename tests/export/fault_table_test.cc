// SPDX-License-Identifier: Apache-2.0
// Each exporter with a receiver that is down, slow, breaks off, or rejects a part: every
// record is sent or lost by name, and nothing is there twice where the protocol can tell.
// Prints what came of each: the table of docs/export.md.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <csignal>
#include <map>
#include <optional>
#include <regex>

#include "export/export_testing.h"
#include "export/faulty_stream.h"
#include "export/http_receiver.h"
#include "export/ipfix/ipfix_sender.h"
#include "export/ipfix/testing/message_reader.h"
#include "export/kafka/kafka_sender.h"
#include "export/syslog/syslog_sender.h"

namespace netprobe::test {
namespace {

using testing::made_flows;

constexpr std::size_t kBatches = 20;
constexpr std::size_t kOfEach = 500;
constexpr std::size_t kAll = kBatches * kOfEach;
// Room for about a third of them: what waits longer than that is lost by its name.
constexpr std::string_view kCommon =
    "fields=flow_id,src.ip,src.namespace&batch=500&interval=10ms&timeout=1s&queue=2MiB";

enum class Fault : std::uint8_t { kDown, kSlow, kBreaks, kRejects };
constexpr std::array<std::string_view, 4> kFaultNames{"down, then back", "hangs, then goes on",
                                                      "breaks mid-batch", "rejects half"};

/// A receiver, and what it has in the end.
class Receiver {
 public:
  virtual ~Receiver() = default;
  [[nodiscard]] virtual std::string url() const = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<RecordSender>> make(
      const ExportTarget& target) const = 0;
  [[nodiscard]] virtual ExportScheme scheme() const = 0;
  virtual void begin(Fault fault) = 0;
  virtual void mend() = 0;
  [[nodiscard]] virtual std::vector<std::uint64_t> ids() = 0;
  /// Records that may be there twice: of sends whose answer was lost.
  [[nodiscard]] virtual std::size_t most_twice() const = 0;
};

/// What all have that speak TCP.
template <typename Port>
class StreamReceiver : public Receiver {
 public:
  void begin(Fault fault) override {
    StreamFaults& faults = port().faults;
    faults.away = fault == Fault::kDown;
    faults.hung = fault == Fault::kSlow;
    if (fault != Fault::kBreaks) return;
    faults.cuts = 3;
    faults.cut_after = cut_;
  }
  void mend() override {
    port().faults.away = false;
    port().faults.hung = false;
  }

 protected:
  explicit StreamReceiver(std::size_t cut) : cut_(cut) {}
  virtual Port& port() = 0;

 private:
  const std::size_t cut_;
};

class SyslogTcp final : public StreamReceiver<FaultySink> {
 public:
  SyslogTcp() : StreamReceiver(30'000) {}
  std::string url() const override { return "syslog+tcp://" + sink_.at() + "?"; }
  ExportScheme scheme() const override { return kSyslogTcpExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_syslog_sender(target, kClock);
  }
  std::vector<std::uint64_t> ids() override {
    static const std::regex kId(R"re("flow_id":(\d+),[^}]*\})re");
    std::vector<std::uint64_t> ids;
    for (const std::string& stream : sink_.streams())
      for (std::sregex_iterator at(stream.begin(), stream.end(), kId), end; at != end; ++at)
        ids.push_back(std::stoull((*at)[1]));
    return ids;
  }
  std::size_t most_twice() const override { return kAll; }

 private:
  FaultySink& port() override { return sink_; }
  FaultySink sink_;
};

class IpfixTcp final : public StreamReceiver<FaultySink> {
 public:
  IpfixTcp() : StreamReceiver(20'000) {}
  std::string url() const override { return "ipfix+tcp://" + sink_.at() + "?"; }
  ExportScheme scheme() const override { return kIpfixTcpExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_ipfix_sender(target, kClock);
  }
  std::vector<std::uint64_t> ids() override {
    std::vector<std::uint64_t> ids;
    for (const std::string& stream : sink_.streams()) {
      ipfix::testing::MessageReader reader;
      const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(stream[i]); };
      for (std::size_t at = 0; stream.size() - at >= 16;) {
        const std::size_t length = static_cast<std::size_t>(byte(at + 2)) << 8U | byte(at + 3);
        if (length < 16 || stream.size() - at < length) break;
        EXPECT_EQ(reader.read({reinterpret_cast<const std::uint8_t*>(stream.data()) + at, length}),
                  "");
        at += length;
      }
      for (const auto& each : reader.records())
        if (!each.options) ids.push_back(each.number(0, 148));
    }
    return ids;
  }
  std::size_t most_twice() const override { return kAll; }

 private:
  FaultySink& port() override { return sink_; }
  FaultySink sink_;
};

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

class KafkaReceiver final : public Receiver {
 public:
  KafkaReceiver() {
    rd_kafka_conf_t* conf = ::rd_kafka_conf_new();
    ::rd_kafka_conf_set_log_cb(conf, nullptr);
    owner_.reset(::rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0));
    mock_ = ::rd_kafka_mock_cluster_new(owner_.get(), 1);
    (void)::rd_kafka_mock_topic_create(mock_, "netprobe", kPartitions, 1);
  }
  ~KafkaReceiver() override { ::rd_kafka_mock_cluster_destroy(mock_); }
  std::string url() const override {
    return std::string("kafka://") + ::rd_kafka_mock_cluster_bootstraps(mock_) + "/netprobe?";
  }
  ExportScheme scheme() const override { return kKafkaExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_kafka_sender(target, kClock);
  }
  void begin(Fault fault) override {
    if (fault == Fault::kDown) (void)::rd_kafka_mock_broker_set_down(mock_, 1);
    if (fault == Fault::kSlow) (void)::rd_kafka_mock_broker_set_rtt(mock_, 1, 1'500);
    if (fault == Fault::kBreaks) {
      (void)::rd_kafka_mock_broker_set_rtt(mock_, 1, 20);
      breaker_ = std::jthread([this] {
        for (int i = 0; i < 3; ++i) {
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
          (void)::rd_kafka_mock_broker_set_down(mock_, 1);
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
          (void)::rd_kafka_mock_broker_set_up(mock_, 1);
        }
      });
    }
    // Every other request is refused for good.
    if (fault == Fault::kRejects)
      for (std::size_t i = 0; i < 40; ++i)
        ::rd_kafka_mock_push_request_errors(mock_, 0 /* Produce */, 2,
                                            RD_KAFKA_RESP_ERR_INVALID_RECORD,
                                            RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void mend() override {
    if (breaker_.joinable()) breaker_.join();
    (void)::rd_kafka_mock_broker_set_up(mock_, 1);
    (void)::rd_kafka_mock_broker_set_rtt(mock_, 1, 0);
  }
  std::vector<std::uint64_t> ids() override {
    rd_kafka_conf_t* conf = ::rd_kafka_conf_new();
    ::rd_kafka_conf_set_log_cb(conf, nullptr);
    std::array<char, 256> why{};
    (void)::rd_kafka_conf_set(conf, "bootstrap.servers", ::rd_kafka_mock_cluster_bootstraps(mock_),
                              why.data(), why.size());
    (void)::rd_kafka_conf_set(conf, "group.id", "test", why.data(), why.size());
    const std::unique_ptr<rd_kafka_t, decltype(&::rd_kafka_destroy)> reader(
        ::rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size()), &::rd_kafka_destroy);
    rd_kafka_topic_partition_list_t* list = ::rd_kafka_topic_partition_list_new(kPartitions);
    for (int i = 0; i < kPartitions; ++i)
      ::rd_kafka_topic_partition_list_add(list, "netprobe", i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    (void)::rd_kafka_assign(reader.get(), list);
    ::rd_kafka_topic_partition_list_destroy(list);
    static const std::regex kId(R"re("flow_id":(\d+))re");
    std::vector<std::uint64_t> ids;
    for (int quiet = 0; quiet < 10;) {
      rd_kafka_message_t* message = ::rd_kafka_consumer_poll(reader.get(), 200);
      if (message == nullptr || message->err != 0) {
        ++quiet;
      } else {
        quiet = 0;
        const std::string text(static_cast<const char*>(message->payload), message->len);
        std::smatch found;
        if (std::regex_search(text, found, kId)) ids.push_back(std::stoull(found[1]));
      }
      if (message != nullptr) ::rd_kafka_message_destroy(message);
    }
    (void)::rd_kafka_consumer_close(reader.get());
    return ids;
  }
  std::size_t most_twice() const override { return 0; }

 private:
  static constexpr int kPartitions = 4;
  std::unique_ptr<rd_kafka_t, decltype(&::rd_kafka_destroy)> owner_{nullptr, &::rd_kafka_destroy};
  rd_kafka_mock_cluster_t* mock_ = nullptr;
  std::jthread breaker_;
};

/// Sends everything while the fault lasts and when it is over.
void check(Receiver& receiver, Fault fault) {
  const std::array schemes{receiver.scheme()};
  const auto target =
      parse_export_target(receiver.url() + std::string(kCommon), schemes, kClock.wall());
  ASSERT_TRUE(target) << target.error().message;
  auto sender = receiver.make(*target);
  ASSERT_TRUE(sender) << sender.error().message;
  auto outbox = Outbox::make(*target, std::move(*sender), kClock);
  outbox->start();
  receiver.begin(fault);
  std::string problem;
  const auto look = [&] {
    const OutboxStatus now = outbox->status();
    if (problem.empty()) problem = now.problem;
    return now;
  };
  for (std::size_t i = 0; i < kBatches; ++i) {
    outbox->put(made_flows(kOfEach, 1 + i * kOfEach));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    (void)look();
  }
  // It is seen, and nothing but waiting goes on, until it is mended.
  if (fault == Fault::kDown || fault == Fault::kSlow)
    EXPECT_TRUE(eventually([&] { return !look().problem.empty(); }));
  receiver.mend();
  EXPECT_TRUE(eventually([&] { return look().waiting == 0; })) << look().problem;
  outbox->stop(kPatience);
  const OutboxStatus status = outbox->status();
  outbox.reset();
  expect_adds_up(status);
  EXPECT_EQ(status.seen, kAll);
  // A connection that breaks may be made again before anybody notices.
  if (fault != Fault::kBreaks) EXPECT_NE(problem, "") << "nothing was said";
  const std::uint64_t rejected = lost_of(status, "rejected");
  std::map<std::uint64_t, int> found;
  EXPECT_TRUE(eventually([&] {
    found.clear();
    for (const std::uint64_t id : receiver.ids()) ++found[id];
    return found.size() >= status.sent;
  }));
  std::uint64_t twice = 0;
  for (const auto& [id, times] : found) twice += static_cast<std::uint64_t>(times - 1);
  EXPECT_EQ(found.size(), status.sent);
  EXPECT_LE(twice, receiver.most_twice());
  if (fault == Fault::kRejects) {
    EXPECT_GT(rejected, 0U);
    EXPECT_EQ(twice, 0U);
  } else {
    EXPECT_EQ(rejected, 0U);
  }
  fmt::print("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", receiver.scheme().scheme,
             kFaultNames.at(static_cast<std::size_t>(fault)), status.seen, status.sent,
             lost_of(status, "queue_full"), rejected, found.size(), twice, status.retries, problem);
}

template <typename Kind>
void check_all(std::initializer_list<Fault> faults) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  for (const Fault fault : faults) {
    Kind receiver;
    check(receiver, fault);
  }
}

using enum Fault;

TEST(FaultTable, SyslogTcp) { check_all<SyslogTcp>({kDown, kSlow, kBreaks}); }
TEST(FaultTable, IpfixTcp) { check_all<IpfixTcp>({kDown, kSlow, kBreaks}); }
TEST(FaultTable, OtlpHttp) { check_all<OtlpHttpReceiver>({kDown, kSlow, kBreaks, kRejects}); }
TEST(FaultTable, OtlpGrpc) { check_all<OtlpGrpcReceiver>({kDown, kSlow, kBreaks, kRejects}); }
TEST(FaultTable, Kafka) { check_all<KafkaReceiver>({kDown, kSlow, kBreaks, kRejects}); }

}  // namespace
}  // namespace netprobe::test
