// SPDX-License-Identifier: Apache-2.0
// What an exporter costs: from a batch of records on until its receiver has all of them,
// by the CPU time of this process: whoever puts them, the outbox's thread, threads of the
// sender's own, and what frees the records in the end. Receivers are processes of their
// own. Records are those of a made-up cluster.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cpu_time.h"
#include "export/ipfix/ipfix_sender.h"
#include "export/json_lines/json_lines_sender.h"
#include "export/kafka/kafka_sender.h"
#include "export/otlp/log_encoder.h"
#include "export/otlp/otlp_sender.h"
#include "export/prometheus/prometheus_exporter.h"
#include "export/remote_write/remote_write_sender.h"
#include "export/syslog/syslog_sender.h"
#include "history_data.h"
#include "outbox/outbox.h"
#include "outbox/record_json.h"
#include "receiver_process.h"
#include "report.h"

namespace netprobe::bench {
namespace {

using std::chrono::milliseconds;

constexpr double kRecordsPerSecond = 10'000;
constexpr double kBudget = 5;  // % of a core
constexpr double kOutboxBudget = 1;
constexpr int kRounds = 5;
constexpr int kPacedRounds = 3;
constexpr std::size_t kBatches = 50;
constexpr std::size_t kOfEach = 1'000;
// As fast as they are sent, some milliseconds between; and at the rate itself.
constexpr auto kBurstPause = milliseconds(2);
constexpr auto kPause = milliseconds(100);
constexpr std::size_t kPacedBatches = 20;

const SystemClock kClock;

/// Takes everything at once.
class NullSender final : public RecordSender {
 public:
  SendOutcome send(std::span<const RecordRef> /*records*/) override { return {}; }
};

/// A sender to be measured: a new exporter adds a line to subjects().
struct Subject {
  std::string name;
  std::string url;
  ExportScheme scheme;
  std::function<Result<std::unique_ptr<RecordSender>>(const ExportTarget&, const Clock&)> make;
  double budget = kBudget;
};

struct Cost {
  double micros = 0;  ///< of all threads of the process, a record
  double bytes = 0;   ///< a record
  std::uint64_t records = 0;
  std::uint64_t sent = 0;
};

/// From put() on until the receiver has everything, and the records are freed.
Cost measure_once(const Subject& subject, const std::vector<HistoryBatchPtr>& batches,
                  std::size_t count, milliseconds pause) {
  const std::vector schemes{subject.scheme};
  auto target = parse_export_target(subject.url, schemes, kClock.wall());
  if (!target) throw std::runtime_error(target.error().message);
  auto sender = subject.make(*target, kClock);
  if (!sender) throw std::runtime_error(sender.error().message);
  auto outbox = Outbox::make(std::move(*target), std::move(*sender), kClock);
  // The outbox has the last pointer to each, as in the agent without history.
  std::vector<HistoryBatchPtr> own;
  for (std::size_t i = 0; i < count; ++i)
    own.push_back(std::make_shared<HistoryBatch>(*batches[i % batches.size()]));
  outbox->start();
  const double begin = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
  for (HistoryBatchPtr& batch : own) {
    outbox->put(std::exchange(batch, nullptr));
    std::this_thread::sleep_for(pause);
  }
  outbox->stop(30 * kSecond);
  const OutboxStatus status = outbox->status();
  outbox.reset();
  const double seconds = seconds_on(CLOCK_PROCESS_CPUTIME_ID) - begin;
  for (const auto& [cause, lost] : status.lost)
    if (lost > 0)
      throw std::runtime_error(fmt::format("{}: {} records were lost: {} ({})", subject.name, lost,
                                           cause, status.problem));
  const auto records = static_cast<double>(status.seen);
  return {seconds / records * 1e6, static_cast<double>(status.bytes) / records, status.seen,
          status.sent};
}

double share_of(double micros) { return micros * kRecordsPerSecond / 1e6 * 100; }

double median_of(const std::vector<Cost>& costs) {
  std::vector<double> times;
  for (const Cost& each : costs) times.push_back(each.micros);
  return median(std::move(times));
}

Row row_of(const Subject& subject, const std::vector<Cost>& bursts,
           const std::vector<Cost>& paced_ones) {
  const double micros = median_of(bursts);
  const double paced = median_of(paced_ones);
  const Cost& last = bursts.back();
  const std::string out =
      last.sent == last.records ? "" : fmt::format("; {} in, {} out", last.records, last.sent);
  const double worse = std::max(share_of(micros), share_of(paced));
  return {.what = "export at 10,000 records/s",
          .variant = subject.name,
          .value = worse,
          .unit = "% of a core",
          .ratio = fmt::format("{:.2f} us, {:.2f} us paced, {:.0f} B a record{}", micros, paced,
                               last.bytes, out),
          .budget = fmt::format("<= {} %", subject.budget),
          .met = worse <= subject.budget};
}

/// Median nanoseconds a record of writing it alone, on this thread.
template <typename Write>
Row writing_row(const std::string& what, const std::vector<HistoryBatchPtr>& batches,
                const Write& write) {
  std::vector<double> times;
  std::size_t bytes = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::string out;
    bytes = 0;
    times.push_back(thread_seconds_of([&] {
      for (const HistoryBatchPtr& batch : batches) {
        out.clear();
        for (const FlowRecord& flow : batch->flows)
          write(out, RecordRef{RecordKind::kFlow, &flow, batch->node});
        bytes += out.size();
      }
    }));
  }
  const double records = kBatches * kOfEach;
  const double nanoseconds = median(std::move(times)) / records * 1e9;
  return {.what = what,
          .variant = "usual fields",
          .value = nanoseconds,
          .unit = "ns",
          .ratio = fmt::format("{:.0f} B a record", static_cast<double>(bytes) / records),
          .budget = "<= 2000 ns",
          .met = nanoseconds <= 2000};
}

MetricSet many_series() {
  constexpr std::uint32_t kInterfaces = 2'000;  // 26 series each
  Snapshot snapshot;
  snapshot.node_name = "node-1";
  for (std::uint32_t i = 1; i <= kInterfaces; ++i) {
    InterfaceState& state = snapshot.interfaces.emplace_back();
    state.info.ifindex = i;
    state.info.name = fmt::format("veth{:08x}", i * 2'654'435'761U);
    state.info.role = Role::kPod;
    state.rx.packets = i * 1'234'567ULL;
    state.tx.bytes = i * 7'234'567ULL;
  }
  return PrometheusExporter({.max_interfaces = kInterfaces}).collect(snapshot);
}

/// A set of metrics, encoded, compressed and sent, by value of a series.
Row metrics_row(const std::string& name, const std::string& url, const ExportScheme& scheme,
                decltype(&make_otlp_metric_sender) make, const MetricSet& set) {
  const std::vector schemes{scheme};
  const auto target = parse_export_target(url, schemes, kClock.wall());
  if (!target) throw std::runtime_error(target.error().message);
  const auto sender = make(*target, kClock);
  if (!sender) throw std::runtime_error(sender.error().message);
  std::vector<double> times;
  std::uint64_t points = 0;
  std::uint64_t bytes = 0;
  for (int round = 0; round < kRounds; ++round) {
    points = bytes = 0;
    const double begin = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
    for (const MetricBody& body : (*sender)->encode(set, &set)) {
      const MetricOutcome outcome = (*sender)->send(body);
      if (outcome.again || outcome.rejected > 0)
        throw std::runtime_error(name + ": " + outcome.problem);
      points += body.points;
      bytes += outcome.bytes;
    }
    times.push_back(seconds_on(CLOCK_PROCESS_CPUTIME_ID) - begin);
  }
  const double micros = median(std::move(times)) / static_cast<double>(points) * 1e6;
  return {.what = "metrics at 10,000 values/s",
          .variant = name,
          .value = share_of(micros),
          .unit = "% of a core",
          .ratio = fmt::format("{:.2f} us and {:.0f} B a value; a set of {}", micros,
                               static_cast<double>(bytes) / static_cast<double>(points), points),
          .budget = fmt::format("<= {} %", kBudget),
          .met = share_of(micros) <= kBudget};
}

std::vector<Row> run(const std::string& folder, std::string_view only, const std::string& more) {
  // All before this process has a second thread.
  const ReceiverProcess udp(serve_datagrams);
  const ReceiverProcess tcp(serve_streams);
  const ReceiverProcess http(serve_http);
  const ReceiverProcess grpc(serve_otlp_grpc);
  const ReceiverProcess kafka(serve_kafka);
  HistoryData data;
  std::vector<HistoryBatchPtr> batches;
  for (std::size_t i = 0; i < kBatches; ++i) batches.push_back(data.next(kOfEach));

  const auto null = [](const ExportTarget&, const Clock&) -> Result<std::unique_ptr<RecordSender>> {
    return std::make_unique<NullSender>();
  };
  const ExportScheme nothing{.scheme = "null", .default_port = 0, .parameters = {}, .example = ""};
  const std::string queue = "?queue=1GiB" + more;
  const auto at = [&](const ExportScheme& scheme, const ReceiverProcess& receiver) {
    return std::string(scheme.scheme) + "://" + receiver.at() + queue;
  };
  const std::string filter = "&filter=src.namespace~^n and dst.port!=4444";
  const std::string fold = "&fold=workload";
  const std::string grpc_url = at(kOtlpGrpcExport, grpc) + "&signals=logs";
  const std::string kafka_url = "kafka://" + kafka.at() + "/netprobe" + queue;
  std::vector<Subject> subjects{
      {"outbox alone", "null:" + queue, nothing, null, kOutboxBudget},
      {"outbox, filter", "null:" + queue + filter, nothing, null, kOutboxBudget},
      {"outbox, fold", "null:" + queue + fold, nothing, null, kOutboxBudget},
      {"JSON lines", "file://" + folder + "/flows" + queue, kFileExport, make_file_sender},
      {"JSON lines, rotated, gzip",
       "file://" + folder + "/gz" + queue + "&rotate_size=10MB&compress=gzip&keep=1", kFileExport,
       make_file_sender},
      {"syslog+udp", at(kSyslogUdpExport, udp), kSyslogUdpExport, make_syslog_sender},
      {"syslog+tcp", at(kSyslogTcpExport, tcp), kSyslogTcpExport, make_syslog_sender},
      {"ipfix+udp", at(kIpfixUdpExport, udp), kIpfixUdpExport, make_ipfix_sender},
      {"ipfix+tcp", at(kIpfixTcpExport, tcp), kIpfixTcpExport, make_ipfix_sender},
      {"otlp+http, gzip", at(kOtlpHttpExport, http) + "&signals=logs", kOtlpHttpExport,
       make_otlp_sender},
      {"otlp+grpc, gzip", grpc_url, kOtlpGrpcExport, make_otlp_sender},
      {"otlp+grpc, plain", grpc_url + "&compression=none", kOtlpGrpcExport, make_otlp_sender},
      {"otlp+grpc, gzip, fold", grpc_url + fold, kOtlpGrpcExport, make_otlp_sender},
      {"kafka, lz4", kafka_url, kKafkaExport, make_kafka_sender},
      {"kafka, lz4, fold", kafka_url + fold, kKafkaExport, make_kafka_sender},
  };
  std::erase_if(subjects, [&](const Subject& each) { return !each.name.starts_with(only); });
  const auto take_turns = [&](int rounds, std::size_t count, milliseconds pause) {
    std::vector<std::vector<Cost>> costs(subjects.size());
    for (int round = 0; round < rounds; ++round)
      for (std::size_t i = 0; i < subjects.size(); ++i)
        costs[i].push_back(measure_once(subjects[i], batches, count, pause));
    return costs;
  };
  const auto bursts = take_turns(kRounds, kBatches, kBurstPause);
  const auto paced = take_turns(kPacedRounds, kPacedBatches, kPause);
  RecordJson json{FieldSelection(std::span<const FieldRef>())};
  LogEncoder log{FieldSelection(std::span<const FieldRef>())};
  std::vector<Row> rows{
      writing_row("record as JSON", batches,
                  [&](std::string& out, const RecordRef& record) { json.append(out, record); }),
      writing_row("record as an OTLP log", batches, [&](std::string& out, const RecordRef& record) {
        log.append(out, record, kSecond);
      })};
  for (std::size_t i = 0; i < subjects.size(); ++i)
    rows.push_back(row_of(subjects[i], bursts[i], paced[i]));
  const MetricSet set = many_series();
  rows.push_back(metrics_row("remote write, snappy", at(kRemoteWriteHttpExport, http),
                             kRemoteWriteHttpExport, make_remote_write_sender, set));
  rows.push_back(metrics_row("otlp+http, gzip", at(kOtlpHttpExport, http), kOtlpHttpExport,
                             make_otlp_metric_sender, set));
  rows.push_back(metrics_row("otlp+grpc, gzip", at(kOtlpGrpcExport, grpc), kOtlpGrpcExport,
                             make_otlp_metric_sender, set));
  return rows;
}

int measure(std::string_view only, const std::string& more) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("netprobe-export-{}", ::getpid());
  std::filesystem::create_directories(folder);
  int code = 0;
  try {
    report("Exporters", run(folder, only, more));
  } catch (const std::exception& e) {
    fmt::print(stderr, "export_bench: {}\n", e.what());
    code = 1;
  }
  std::filesystem::remove_all(folder);
  return code;
}

}  // namespace
}  // namespace netprobe::bench

// export_bench [NAME [PARAMETERS]]: those alone whose name begins so, with more parameters in
// their URLs ("&batch=500"); for profiles.
int main(int argc, char** argv) {
  return netprobe::bench::measure(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");
}
