// SPDX-License-Identifier: Apache-2.0
// Each exporter with a receiver that is down, slow, breaks off, or rejects a part: every
// record is sent or lost by name, and nothing is there twice where the protocol can tell.
// Prints what came of each: the table of docs/export.md.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <snappy.h>

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>

#include "export/export_testing.h"
#include "export/faulty_stream.h"
#include "export/http_receiver.h"
#include "export/ipfix/ipfix_sender.h"
#include "export/ipfix/testing/message_reader.h"
#include "export/json_lines/json_lines_sender.h"
#include "export/kafka/kafka_sender.h"
#include "export/prometheus/prometheus_exporter.h"
#include "export/prometheus/testing/small_snapshot.h"
#include "export/remote_write/remote_write_sender.h"
#include "export/syslog/syslog_sender.h"
#include "outbox/metric_push.h"
#include "remote_write.pb.h"
#include "support/temp_dir.h"

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
  /// What a fault is called, where it is another one with this receiver.
  [[nodiscard]] virtual std::string_view name_of(Fault fault) const {
    return kFaultNames.at(static_cast<std::size_t>(fault));
  }
};

/// `"flow_id":17` of each line or message.
void add_ids(const std::string& text, std::vector<std::uint64_t>& ids) {
  static const std::regex kId(R"re("flow_id":(\d+),[^}]*\})re");
  for (std::sregex_iterator at(text.begin(), text.end(), kId), end; at != end; ++at)
    ids.push_back(std::stoull((*at)[1]));
}

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
    std::vector<std::uint64_t> ids;
    for (const std::string& stream : sink_.streams()) add_ids(stream, ids);
    return ids;
  }
  std::size_t most_twice() const override { return kAll; }

 private:
  FaultySink& port() override { return sink_; }
  FaultySink sink_;
};

/// Of UDP nobody tells but that nobody listens.
class SyslogUdp final : public Receiver {
 public:
  ~SyslogUdp() override {
    reader_.request_stop();
    if (reader_.joinable()) reader_.join();
  }
  std::string url() const override {
    return "syslog+udp://127.0.0.1:" + std::to_string(port_) + "?";
  }
  ExportScheme scheme() const override { return kSyslogUdpExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_syslog_sender(target, kClock);
  }
  void begin(Fault fault) override {
    if (fault == Fault::kDown) socket_.reset();
  }
  void mend() override {
    if (!socket_) socket_ = listening(SOCK_DGRAM, port_);
    const int large = 16 << 20;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
    reader_ = std::jthread([this](const std::stop_token& stop) {
      std::array<char, 65'536> some{};
      while (!stop.stop_requested()) {
        pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, 10) <= 0) continue;
        const ssize_t got = ::recv(socket_.get(), some.data(), some.size(), 0);
        const MutexLock lock(mutex_);
        if (got > 0) text_.append(some.data(), static_cast<std::size_t>(got));
      }
    });
  }
  std::vector<std::uint64_t> ids() override {
    const MutexLock lock(mutex_);
    std::vector<std::uint64_t> ids;
    add_ids(text_, ids);
    return ids;
  }
  std::size_t most_twice() const override { return 64; }

 private:
  UniqueFd socket_ = listening(SOCK_DGRAM);
  const int port_ = port_of(socket_);
  Mutex mutex_;
  std::string text_ NETPROBE_GUARDED_BY(mutex_);
  std::jthread reader_;
};

/// A file that is rotated and compressed all the while.
class JsonFile final : public Receiver {
 public:
  std::string url() const override {
    return "file://" + folder_ + "/flows?rotate_size=100kB&keep=1000&compress=gzip&";
  }
  ExportScheme scheme() const override { return kFileExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_file_sender(target, kClock);
  }
  void begin(Fault fault) override {
    if (fault != Fault::kDown) std::filesystem::create_directory(folder_);
    if (fault != Fault::kSlow) return;
    // As on a full disk: no file of this process grows beyond it.
    (void)std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = 50'000, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    limited_ = true;
  }
  void mend() override {
    std::filesystem::create_directory(folder_);
    if (limited_) ::setrlimit(RLIMIT_FSIZE, &before_);
    limited_ = false;
  }
  std::vector<std::uint64_t> ids() override {
    std::vector<std::uint64_t> ids;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      const bool packed = entry.path().extension() == ".gz";
      add_ids(packed ? gunzip(bytes) : bytes, ids);
    }
    return ids;
  }
  std::size_t most_twice() const override { return 0; }
  std::string_view name_of(Fault fault) const override {
    if (fault == Fault::kDown) return "folder is not there, then is";
    return fault == Fault::kSlow ? "disk is full, then is not" : "is rotated all the while";
  }

 private:
  TempDir dir_;
  const std::string folder_ = dir_.file("log");
  rlimit before_{};
  bool limited_ = false;
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
             receiver.name_of(fault), status.seen, status.sent, lost_of(status, "queue_full"),
             rejected, found.size(), twice, status.retries, problem);
}

/// Metrics are not records: a set every interval, whose values are counted. A receiver that
/// is away, or refuses every other request for good.
void check_remote_write(Fault fault) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  std::atomic<std::uint64_t> had = 0;
  std::atomic<int> requests = 0;
  HttpReceiver server([&](const HttpReceiver::Request& request) -> HttpReceiver::Reply {
    std::string text;
    prometheus::WriteRequest message;
    EXPECT_TRUE(snappy::Uncompress(request.body.data(), request.body.size(), &text));
    EXPECT_TRUE(message.ParseFromString(text));
    if (fault == Fault::kRejects && requests++ % 2 == 0) return {.status = 400};
    had += static_cast<std::uint64_t>(message.timeseries_size());
    return {.status = 204};
  });
  FaultyProxy proxy(server.port());
  proxy.faults.away = fault == Fault::kDown;
  proxy.faults.hung = fault == Fault::kSlow;
  const std::array schemes{kRemoteWriteHttpExport};
  // Sets are small: as many as are made in a second have room.
  const auto target = parse_export_target(
      "remote-write+http://" + proxy.at() + "/api/v1/write?timeout=1s&queue=64KiB", schemes,
      kClock.wall());
  ASSERT_TRUE(target) << target.error().message;
  auto sender = make_remote_write_sender(*target, kClock);
  ASSERT_TRUE(sender) << sender.error().message;
  const auto push = MetricPush::make(
      *target, 20 * kMillisecond, std::move(*sender),
      [](const std::function<void(MetricSetMaker)>& done) {
        done([] {
          return std::make_shared<const MetricSet>(
              PrometheusExporter({}).collect(netprobe::testing::small_snapshot()));
        });
      },
      kClock);
  push->start();
  std::string problem;
  EXPECT_TRUE(eventually([&] {
    const OutboxStatus now = push->status();
    if (problem.empty()) problem = now.problem;
    return !problem.empty() && (fault == Fault::kRejects || lost_of(now, "queue_full") > 0);
  }));
  proxy.faults.away = false;
  proxy.faults.hung = false;
  EXPECT_TRUE(eventually([&] { return had > 0; })) << push->status().problem;
  push->stop(kPatience);
  const OutboxStatus status = push->status();
  expect_adds_up(status);
  const std::uint64_t rejected = lost_of(status, "rejected");
  EXPECT_EQ(rejected > 0, fault == Fault::kRejects);
  // A request that had no answer in time may have been taken.
  EXPECT_GE(had, status.sent);
  if (fault != Fault::kSlow) EXPECT_EQ(had, status.sent);
  fmt::print("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", "remote-write+http",
             kFaultNames.at(static_cast<std::size_t>(fault)), status.seen, status.sent,
             lost_of(status, "queue_full"), rejected, had.load(), had - status.sent, status.retries,
             problem);
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

TEST(FaultTable, JsonLines) { check_all<JsonFile>({kDown, kSlow, kBreaks}); }
TEST(FaultTable, RemoteWrite) {
  for (const Fault fault : {kDown, kSlow, kRejects}) check_remote_write(fault);
}
TEST(FaultTable, SyslogUdp) { check_all<SyslogUdp>({kDown}); }
TEST(FaultTable, SyslogTcp) { check_all<SyslogTcp>({kDown, kSlow, kBreaks}); }
TEST(FaultTable, IpfixTcp) { check_all<IpfixTcp>({kDown, kSlow, kBreaks}); }
TEST(FaultTable, OtlpHttp) { check_all<OtlpHttpReceiver>({kDown, kSlow, kBreaks, kRejects}); }
TEST(FaultTable, OtlpGrpc) { check_all<OtlpGrpcReceiver>({kDown, kSlow, kBreaks, kRejects}); }
TEST(FaultTable, Kafka) { check_all<KafkaReceiver>({kDown, kSlow, kBreaks, kRejects}); }

}  // namespace
}  // namespace netprobe::test
