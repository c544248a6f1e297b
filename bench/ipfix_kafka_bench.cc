// SPDX-License-Identifier: Apache-2.0
// What a record costs on its way out: IPFIX over UDP and TCP to a reader on loopback,
// and Kafka to librdkafka's mock cluster. CPU time of the whole process without the
// readers'; the mock's own threads are in Kafka's.
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <ctime>
#include <thread>

#include "base/unique_fd.h"
#include "export/ipfix/ipfix_sender.h"
#include "export/kafka/kafka_sender.h"
#include "history_data.h"
#include "query/evaluate.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr std::size_t kBatch = 1000;
constexpr std::size_t kBatches = 100;
constexpr int kRounds = 5;
constexpr double kRate = 10'000;
constexpr double kBudget = 5;  // microseconds a record: 5 % of a core at that rate

double clock_seconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Reads all that comes at a port of loopback.
class Reader {
 public:
  explicit Reader(int type) : fd_(::socket(AF_INET, type, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    (void)::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    const timeval patience{0, 100'000};
    (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (type == SOCK_STREAM) (void)::listen(fd_.get(), 1);
    thread_ = std::jthread([this, type](const std::stop_token& stop) {
      std::array<char, 65'536> bytes{};
      UniqueFd one;
      while (!stop.stop_requested()) {
        if (type == SOCK_STREAM && !one) one = UniqueFd(::accept(fd_.get(), nullptr, nullptr));
        const int from = type == SOCK_STREAM ? one.get() : fd_.get();
        if (from >= 0 && ::recv(from, bytes.data(), bytes.size(), 0) == 0) one.reset();
      }
    });
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  UniqueFd fd_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

/// Microseconds a record of `clock`; negative where something was not taken.
double measure(RecordSender& sender, const std::vector<std::vector<RecordRef>>& batches,
               clockid_t clock) {
  (void)sender.send(batches.front());
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = clock_seconds(clock);
    for (const auto& batch : batches) {
      const auto outcome = sender.send(batch);
      if (!outcome.again.empty() || outcome.rejected > 0) {
        fmt::print(stderr, "ipfix_kafka_bench: {}\n", outcome.problem);
        return -1;
      }
    }
    times.push_back((clock_seconds(clock) - begin) / static_cast<double>(kBatch * kBatches) * 1e6);
  }
  return median(std::move(times));
}

int run() {
  HistoryData data;
  std::vector<HistoryBatchPtr> owners;
  std::vector<std::vector<RecordRef>> batches;
  for (std::size_t i = 0; i < kBatches; ++i) {
    owners.push_back(data.next(kBatch));
    auto& refs = batches.emplace_back();
    for (const FlowRecord& each : owners.back()->flows)
      refs.push_back({RecordKind::kFlow, &each, owners.back()->node});
  }
  std::vector<Row> rows;
  const auto add = [&](const std::string& what, double micros) {
    rows.push_back({what, "a record", micros, "us",
                    fmt::format("{:.1f} % of a core at {:.0f}/s", micros * kRate / 1e4, kRate),
                    fmt::format("<= {:.0f} us", kBudget), micros >= 0 && micros <= kBudget});
  };
  const SystemClock clock;
  ExportTarget target;
  target.host = "127.0.0.1";
  {
    const Reader reader(SOCK_DGRAM);
    target.scheme = "ipfix+udp";
    target.port = reader.port();
    const auto sender = make_ipfix_sender(target, clock);
    if (!sender) return 1;
    add("IPFIX over UDP, all fields", measure(**sender, batches, CLOCK_THREAD_CPUTIME_ID));
  }
  {
    const Reader reader(SOCK_STREAM);
    target.scheme = "ipfix+tcp";
    target.port = reader.port();
    auto sender = make_ipfix_sender(target, clock);
    if (!sender) return 1;
    add("IPFIX over TCP, all fields", measure(**sender, batches, CLOCK_THREAD_CPUTIME_ID));
  }
  rd_kafka_conf_t* conf = ::rd_kafka_conf_new();
  ::rd_kafka_conf_set_log_cb(conf, nullptr);
  rd_kafka_t* owner = ::rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
  rd_kafka_mock_cluster_t* mock = ::rd_kafka_mock_cluster_new(owner, 1);
  (void)::rd_kafka_mock_topic_create(mock, "netprobe", 4, 1);
  {
    target.scheme = "kafka";
    target.host.clear();
    target.path = "/netprobe";
    target.parameters = {{"brokers", ::rd_kafka_mock_cluster_bootstraps(mock)}};
    const auto sender = make_kafka_sender(target, clock);
    if (!sender) return 1;
    add("Kafka, usual fields, lz4: outbox's thread",
        measure(**sender, batches, CLOCK_THREAD_CPUTIME_ID));
    add("Kafka, all threads and the mock broker's",
        measure(**sender, batches, CLOCK_PROCESS_CPUTIME_ID));
  }
  ::rd_kafka_mock_cluster_destroy(mock);
  ::rd_kafka_destroy(owner);
  report("Exports: IPFIX and Kafka", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
