// SPDX-License-Identifier: Apache-2.0
// History in a real ClickHouse on this machine: rows that the agent's side encodes
// in a second of CPU time, rows a second until the server has them, bytes a row on
// its disk, and the ten questions. NETPROBE_BENCH_ROWS: 10,000,000.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <future>
#include <thread>

#include "cpu_time.h"
#include "history_data.h"
#include "history_questions.h"
#include "report.h"
#include "store/clickhouse/clickhouse_store.h"
#include "store/clickhouse/insert_group.h"
#include "support/clickhouse_server.h"

namespace netprobe::bench {
namespace {

constexpr std::size_t kBatch = 25'000;
constexpr double kQuestionBudget = 500;  // ms, of 10 million rows
constexpr double kPageBudget = 50;

void measure_encoding(std::vector<Row>& rows) {
  HistoryData data;
  std::vector<double> rates;
  for (int round = 0; round < 5; ++round) {
    const auto batch = data.next(kBatch);
    GroupBuilder builder;
    const double begin = thread_seconds();
    builder.add(*batch, 1);
    const auto group = builder.finish();
    rates.push_back(static_cast<double>(kBatch) / (thread_seconds() - begin));
    if (group->rows() != kBatch) std::abort();
  }
  rows.push_back({"rows encoded and compressed", "one core", median(rates), "rows/s", "",
                  ">= 200000", median(rates) >= 200'000});
}

}  // namespace

int run() {
  const char* wanted = std::getenv("NETPROBE_BENCH_ROWS");
  const std::size_t total = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 10'000'000;
  std::vector<Row> rows;
  measure_encoding(rows);
  if (const auto why = test::ClickHouseServer::obstacle(); !why.empty()) {
    fmt::print(stderr, "{}\n", why);
    report("ClickHouse", rows);
    return 0;
  }
  auto server = test::ClickHouseServer::start({.max_memory = 6'000'000'000});
  if (!server) {
    fmt::print(stderr, "{}\n", server.error().message);
    return 1;
  }
  ClickHouseOptions options;
  options.url = (*server)->url();
  options.memory_bytes = 512U << 20U;
  options.keep_raw = options.keep_minutes = options.keep_hours = options.keep_events = 0;
  options.query_memory = 6'000'000'000;
  auto store = make_clickhouse_store(options);
  if (!store) return 1;
  HistoryData data;
  // All of it in a day and a bit.
  data.set_rate(static_cast<double>(total) / 90'000);
  data.set_rare(total / 10);
  const Micros begin = data.time();
  const SystemClock clock;
  Nanos making = 0;
  const Nanos start = clock.monotonic();
  for (std::size_t done = 0; done < total; done += kBatch) {
    const Nanos made = clock.monotonic();
    auto batch = data.next(kBatch);
    data.add_events(*batch);
    making += clock.monotonic() - made;
    while ((*store)->status().memory_bytes > options.memory_bytes / 4)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    (*store)->write(std::move(batch));
  }
  std::promise<void> flushed;
  (*store)->flush(120'000'000, [&] { flushed.set_value(); });
  flushed.get_future().wait();
  const double took = static_cast<double>(clock.monotonic() - start) / kSecond;
  const auto status = (*store)->status();
  if (status.rows_written < total || !status.lost.empty()) {
    fmt::print(stderr, "{} of {} rows are there: {}\n", status.rows_written, total, status.problem);
    return 1;
  }
  rows.push_back({"rows until the server has them", "store and server, one machine",
                  static_cast<double>(status.rows_written) / took, "rows/s",
                  fmt::format("{:.0f} % of the time went into making them",
                              100.0 * static_cast<double>(making) / kSecond / took),
                  "", true});
  const auto bytes = (*server)->ask(
      "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'netprobe'");
  if (bytes)
    rows.push_back({"disk, roll-ups and all", fmt::format("{} rows", status.rows_written),
                    std::strtod(bytes->c_str(), nullptr) / static_cast<double>(status.rows_written),
                    "bytes/row", "", "", true});
  int failures = 0;
  for (const auto& question : ten_questions(begin, data.time())) {
    const Timing timing = ask(**store, question, data.time(), 5);
    if (!timing.problem.empty()) {
      fmt::print(stderr, "{}: {}\n", question.what, timing.problem);
      ++failures;
      continue;
    }
    const double budget = question.first_page ? kPageBudget : kQuestionBudget;
    rows.push_back({question.what, fmt::format("from {}, {} rows", timing.tier, timing.rows),
                    timing.milliseconds, "ms", "", fmt::format("<= {:.0f}", budget),
                    timing.milliseconds <= budget});
  }
  (*store)->stop();
  report("history in ClickHouse 18.16", rows);
  return failures == 0 ? 0 : 1;
}

}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
