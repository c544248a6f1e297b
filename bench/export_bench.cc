// SPDX-License-Identifier: Apache-2.0
// What an exporter costs: the outbox alone, and with each sender, as a share of a core
// at 10,000 records a second. Records are those of a made-up cluster; the senders' own
// threads, where they have any, count as well.
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "cpu_time.h"
#include "export/json_lines/json_lines_sender.h"
#include "export/syslog/syslog_sender.h"
#include "history_data.h"
#include "outbox/outbox.h"
#include "outbox/record_json.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr double kRecordsPerSecond = 10'000;
constexpr double kBudget = 5;  // % of a core
constexpr double kOutboxBudget = 1;
constexpr int kRounds = 5;
constexpr std::size_t kBatches = 100;
constexpr std::size_t kOfEach = 1'000;

const SystemClock kClock;

/// Takes everything at once.
class NullSender final : public RecordSender {
 public:
  SendOutcome send(std::span<const RecordRef> /*records*/) override { return {}; }
};

/// Reads what comes to a port of 127.0.0.1, in a process of its own, and throws it away.
class Sink {
 public:
  explicit Sink(int type) : socket_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_.get(), generic, size) != 0) std::abort();
    if (type == SOCK_STREAM && ::listen(socket_.get(), 4) != 0) std::abort();
    ::getsockname(socket_.get(), generic, &size);
    port_ = ntohs(address.sin_port);
    child_ = ::fork();
    if (child_ == 0) read_for_ever(type);
  }
  ~Sink() { ::kill(child_, SIGKILL); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  [[nodiscard]] std::string at() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  [[noreturn]] void read_for_ever(int type) const {
    std::vector<char> some(1 << 16);
    for (;;) {
      const UniqueFd client(type == SOCK_STREAM ? ::accept(socket_.get(), nullptr, nullptr)
                                                : ::dup(socket_.get()));
      while (::recv(client.get(), some.data(), some.size(), 0) > 0) {
      }
    }
  }
  UniqueFd socket_;
  int port_ = 0;
  pid_t child_ = -1;
};

/// A sender to be measured: a new exporter adds a line to `subjects` in run().
struct Subject {
  std::string name;
  std::string url;
  std::vector<ExportScheme> schemes;
  std::function<Result<std::unique_ptr<RecordSender>>(const ExportTarget&)> make;
  double budget = kBudget;
};

struct Cost {
  double nanoseconds = 0;  ///< of all threads of the process, a record
  double bytes = 0;        ///< a record
};

double process_seconds() { return seconds_on(CLOCK_PROCESS_CPUTIME_ID); }

/// From put() on until the receiver has everything.
Cost measure_once(const Subject& subject, const std::vector<HistoryBatchPtr>& batches) {
  auto target = parse_export_target(subject.url, subject.schemes, kClock.wall());
  if (!target) throw std::runtime_error(target.error().message);
  auto sender = subject.make(*target);
  if (!sender) throw std::runtime_error(sender.error().message);
  const auto outbox = Outbox::make(std::move(*target), std::move(*sender), kClock);
  outbox->start();
  const double begin = process_seconds();
  for (const HistoryBatchPtr& batch : batches) {
    outbox->put(batch);
    // As they come from the agent: some milliseconds between.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  outbox->stop(30 * kSecond);
  const double seconds = process_seconds() - begin;
  const OutboxStatus status = outbox->status();
  for (const auto& [cause, count] : status.lost)
    if (count > 0)
      throw std::runtime_error(fmt::format("{}: {} records were lost: {} ({})", subject.name, count,
                                           cause, status.problem));
  const auto records = static_cast<double>(status.seen);
  return {seconds / records * 1e9, static_cast<double>(status.bytes) / records};
}

Row row_of(const Subject& subject, const std::vector<HistoryBatchPtr>& batches) {
  std::vector<double> times;
  double bytes = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Cost cost = measure_once(subject, batches);
    times.push_back(cost.nanoseconds);
    bytes = cost.bytes;
  }
  const double nanoseconds = median(std::move(times));
  const double share = nanoseconds * kRecordsPerSecond / 1e9 * 100;
  return {.what = "export at 10,000 records/s",
          .variant = subject.name,
          .value = share,
          .unit = "% of a core",
          .ratio = bytes > 0
                       ? fmt::format("{:.2f} us and {:.0f} B a record", nanoseconds / 1e3, bytes)
                       : fmt::format("{:.2f} us a record", nanoseconds / 1e3),
          .budget = fmt::format("<= {} %", subject.budget),
          .met = share <= subject.budget};
}

/// Rendering alone, on this thread.
Row json_row(const std::vector<HistoryBatchPtr>& batches) {
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    RecordJson json{FieldSelection(std::span<const FieldRef>())};
    std::string out;
    times.push_back(thread_seconds_of([&] {
      for (const HistoryBatchPtr& batch : batches) {
        out.clear();
        for (const FlowRecord& flow : batch->flows)
          json.append(out, {RecordKind::kFlow, &flow, batch->node});
      }
    }));
  }
  const double nanoseconds = median(std::move(times)) / (kBatches * kOfEach) * 1e9;
  return {.what = "record as JSON, usual fields",
          .variant = "flow",
          .value = nanoseconds,
          .unit = "ns",
          .ratio = "",
          .budget = "<= 2000 ns",
          .met = nanoseconds <= 2000};
}

int run() {
  (void)std::signal(SIGPIPE, SIG_IGN);
  const Sink udp(SOCK_DGRAM);
  const Sink tcp(SOCK_STREAM);
  HistoryData data;
  std::vector<HistoryBatchPtr> batches;
  for (std::size_t i = 0; i < kBatches; ++i) batches.push_back(data.next(kOfEach));
  const std::string folder = std::filesystem::temp_directory_path() / "netprobe-export-bench";
  std::filesystem::create_directories(folder);

  const auto null = [](const ExportTarget&) -> Result<std::unique_ptr<RecordSender>> {
    return std::make_unique<NullSender>();
  };
  const auto file = [](const ExportTarget& target) { return make_file_sender(target, kClock); };
  const auto syslog = [](const ExportTarget& target) { return make_syslog_sender(target, kClock); };
  const ExportScheme nothing{.scheme = "null", .default_port = 0, .parameters = {}, .example = ""};
  const std::vector<Subject> subjects{
      {"outbox alone", "null:?queue=1GiB", {nothing}, null, kOutboxBudget},
      {"outbox, filter",
       "null:?queue=1GiB&filter=src.namespace~^n and dst.port!=4444",
       {nothing},
       null,
       kOutboxBudget},
      {"outbox, fold", "null:?queue=1GiB&fold=workload", {nothing}, null, kOutboxBudget},
      {"JSON lines", "file://" + folder + "/flows.jsonl?queue=1GiB", {kFileExport}, file},
      {"JSON lines, gzip",
       "file://" + folder + "/gz.jsonl?queue=1GiB&rotate_size=10MB&compress=gzip&keep=1",
       {kFileExport},
       file},
      {"syslog+udp", "syslog+udp://" + udp.at() + "?queue=1GiB", {kSyslogUdpExport}, syslog},
      {"syslog+tcp", "syslog+tcp://" + tcp.at() + "?queue=1GiB", {kSyslogTcpExport}, syslog},
  };
  std::vector<Row> rows{json_row(batches)};
  for (const Subject& subject : subjects) rows.push_back(row_of(subject, batches));
  std::filesystem::remove_all(folder);
  report("Exporters", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() {
  try {
    return netprobe::bench::run();
  } catch (const std::exception& e) {
    fmt::print(stderr, "export_bench: {}\n", e.what());
    return 1;
  }
}
