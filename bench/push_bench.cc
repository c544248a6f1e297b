// SPDX-License-Identifier: Apache-2.0
// What pushing costs the agent: records as OTLP logs, encoded alone and all in (encoded,
// compressed, sent, answered) over HTTP and gRPC to a receiver on loopback that reads and
// forgets; and a set of metrics for OTLP and for remote write. By the sending thread's CPU
// time.
#include <fmt/format.h>
#include <snappy.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "cpu_time.h"
#include "export/http_receiver.h"
#include "export/otlp/log_encoder.h"
#include "export/otlp/metric_encoder.h"
#include "export/otlp/otlp_sender.h"
#include "export/otlp_receiver.h"
#include "export/prometheus/prometheus_exporter.h"
#include "export/remote_write/write_request.h"
#include "outbox/testing/made_records.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr std::size_t kBatch = 1'000;
constexpr int kRounds = 15;
constexpr double kBudget = 5;  // us a record: 5 % of a core at 10,000 records/s
const SystemClock kClock;

std::vector<RecordRef> records_of(const HistoryBatch& batch) {
  std::vector<RecordRef> records;
  for (const FlowRecord& flow : batch.flows)
    records.push_back({RecordKind::kFlow, &flow, batch.node});
  return records;
}

/// Median microseconds of this thread's CPU for each of `items`, and what `work` gave.
template <typename Work>
std::pair<double, std::size_t> cost(std::size_t items, const Work& work) {
  std::vector<double> times;
  std::size_t bytes = 0;
  for (int round = -1; round < kRounds; ++round) {
    const double time = thread_seconds_of([&] { bytes = work(); });
    if (round >= 0) times.push_back(time * 1e6 / static_cast<double>(items));
  }
  return {median(times), bytes};
}

Row row(const std::string& what, const std::string& variant, std::pair<double, std::size_t> cost,
        std::size_t items, const char* of, double budget) {
  return {what,
          variant,
          cost.first,
          "us",
          fmt::format("{:.0f} bytes a {}",
                      static_cast<double>(cost.second) / static_cast<double>(items), of),
          budget > 0 ? fmt::format("<= {:.0f} us", budget) : "",
          budget <= 0 || cost.first <= budget};
}

void measure_records(std::vector<Row>& rows) {
  const auto batch = netprobe::testing::made_flows(kBatch);
  const auto records = records_of(*batch);
  LogEncoder encoder{FieldSelection(std::vector<FieldRef>())};
  rows.push_back(row("a flow as an OTLP log", "encoded",
                     cost(kBatch,
                          [&] {
                            std::string out;
                            for (const RecordRef& record : records) encoder.append(out, record, 1);
                            return out.size();
                          }),
                     kBatch, "record", 0));
  const test::HttpReceiver http(
      [](const auto&) { return test::HttpReceiver::Reply{.status = 204}; });
  test::OtlpReceiver grpc;
  grpc.start();
  const std::array schemes{kOtlpGrpcExport, kOtlpHttpExport};
  for (const auto& [scheme, port] :
       {std::pair("otlp+http", http.port()), std::pair("otlp+grpc", grpc.port())}) {
    for (const char* compression : {"gzip", "none"}) {
      const auto target = parse_export_target(
          fmt::format("{}://127.0.0.1:{}?compression={}", scheme, port, compression), schemes, 0);
      auto sender = make_otlp_sender(*target, kClock);
      rows.push_back(row("a flow by " + std::string(scheme), compression,
                         cost(kBatch, [&] { return (*sender)->send(records).bytes; }), kBatch,
                         "record", kBudget));
    }
  }
}

MetricSet many_series() {
  constexpr std::uint32_t kInterfaces = 5'000;  // 26 series each
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

void measure_metrics(std::vector<Row>& rows) {
  const MetricSet set = many_series();
  const std::size_t series = set.samples.size();
  const auto what = fmt::format("a series of {}", series);
  rows.push_back(row(what, "OTLP",
                     cost(series,
                          [&] {
                            std::size_t bytes = 0;
                            for (const auto& body : encode_otlp_metrics(set, &set, {}, 3U << 20U))
                              bytes += body.bytes.size();
                            return bytes;
                          }),
                     series, "series", 0));
  const auto labels = external_labels({}, "node-1");
  rows.push_back(
      row(what, "remote write",
          cost(series,
               [&] {
                 std::size_t bytes = 0;
                 for (const auto& body : encode_write_requests(set, &set, labels, 1U << 20U)) {
                   std::string compressed;
                   bytes += snappy::Compress(body.bytes.data(), body.bytes.size(), &compressed);
                 }
                 return bytes;
               }),
          series, "series", 0));
}

int measure() {
  std::vector<Row> rows;
  measure_records(rows);
  measure_metrics(rows);
  report("Pushing records and metrics", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
