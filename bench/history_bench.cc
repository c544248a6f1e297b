// SPDX-License-Identifier: Apache-2.0
// The embedded history: rows in, bytes on disk, memory, and the ten usual questions
// over 10 M rows of a day. Rows a second are of CPU time of the whole process without
// the making of the rows, so of one core whatever else the machine does.
#include <fmt/format.h>
#include <stdlib.h>  // NOLINT: mkdtemp is not in <cstdlib>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "history_data.h"
#include "query/query.h"
#include "report.h"
#include "store/duckdb/duckdb_store.h"

namespace netprobe::bench {
namespace {

constexpr std::size_t kBatch = 10'240;  // three are what is compressed together
constexpr int kRounds = 5;
constexpr Micros kDay = 24 * kHistoryHour;

double seconds(clockid_t id) {
  timespec now{};
  ::clock_gettime(id, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// MiB of this process that no file backs, now and at most since reset_peak().
double resident(const char* field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field))
      return std::strtod(line.c_str() + line.find(':') + 1, nullptr) / 1024.0;
  return 0;
}

void flush(DuckDbStore& store) {
  std::promise<void> done;
  store.flush(600'000'000, [&done] { done.set_value(); });
  done.get_future().wait();
}

std::expected<QueryAnswer, QueryFailure> ask(DuckDbStore& store, const std::string& text, Nanos now,
                                             std::size_t rows) {
  const auto query = parse_query(text, now);
  if (!query)
    return std::unexpected(QueryFailure{QueryFailure::Kind::kBadQuery, query.error().message});
  std::promise<std::expected<QueryAnswer, QueryFailure>> answer;
  store.query({.query = *query, .limits = {.rows = rows}},
              [&answer](auto result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

struct Ingest {
  double rows_per_second = 0;
  double wall_rows_per_second = 0;
  double slowest = 0;  ///< seconds until a batch was acknowledged
};

/// Writes so many rows, at most as fast as they are acknowledged.
Ingest ingest(DuckDbStore& store, HistoryData& data, std::size_t rows) {
  Ingest result;
  double made = 0;
  const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  const double wall = seconds(CLOCK_MONOTONIC);
  for (std::size_t done = 0; done < rows; done += kBatch) {
    const double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
    auto batch = data.next(kBatch);
    made += seconds(CLOCK_THREAD_CPUTIME_ID) - begin;
    store.write(std::move(batch));
    const double wait = seconds(CLOCK_MONOTONIC);
    while (store.status().rows_waiting > 4 * kBatch)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    result.slowest = std::max(result.slowest, seconds(CLOCK_MONOTONIC) - wait);
  }
  flush(store);
  result.rows_per_second =
      static_cast<double>(rows) / (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu - made);
  result.wall_rows_per_second =
      static_cast<double>(rows) / (seconds(CLOCK_MONOTONIC) - wall - made);
  return result;
}

struct Question {
  const char* what;
  const char* text;
};
constexpr Question kQuestions[] = {
    {"top talkers", "flows | top 10 src.workload, dst.workload by bytes"},
    {"bytes by namespace pair", "flows | sum bytes by src.namespace, dst.namespace"},
    {"drops by reason", "drops | sum packets by drop.reason"},
    {"one pod's last hour", "pod=namespace-3/POD | sum bytes by dst.workload | last 1h"},
    {"histogram of RTT", "flows | histogram rtt"},
    {"distinct peers of a workload", "src.workload=service-10 | distinct dst.ip"},
    {"rate over a day by 5 minutes", "flows | rate bytes every 5m"},
    {"new peers since yesterday", "src.namespace=namespace-3 | new dst.workload since 12h"},
    {"longest connections", "connections | order by duration desc | limit 10"},
    {"a filter that matches ten rows", "src.port=40000 dst.port=5432 src.workload=service-17"},
};

int run() {
  const std::size_t rows = std::getenv("NETPROBE_BENCH_ROWS") != nullptr
                               ? std::strtoull(std::getenv("NETPROBE_BENCH_ROWS"), nullptr, 10)
                               : 10'000'000;
  std::string folder = std::filesystem::temp_directory_path() / "np-bench-history-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const SystemClock clock;
  DuckDbOptions options;
  options.directory = folder;
  options.raw_bytes = 48U << 20U;
  options.keep_raw = 3 * kDay;
  options.housekeeping = 1'000'000'000'000;
  const double before = resident("RssAnon");
  const double before_all = resident("VmRSS");
  auto store = DuckDbStore::open(options, clock);
  if (!store) {
    fmt::print("history: {}\n", store.error().message);
    std::filesystem::remove_all(folder);
    return 0;
  }
  DuckDbStore& history = **store;
  HistoryData data;
  data.set_rate(static_cast<double>(rows) / (24 * 3600));
  data.set_time(clock.wall() / kMicrosecond - kDay);
  std::vector<Row> table;
  const auto add = [&](std::string what, double value, std::string unit, std::string budget,
                       bool met) {
    if (std::getenv("NETPROBE_BENCH_TELL") != nullptr)
      fmt::print(stderr, "{}: {} {}\n", what, value, unit);
    table.push_back({.what = std::move(what),
                     .variant = "duckdb",
                     .value = value,
                     .unit = std::move(unit),
                     .budget = std::move(budget),
                     .met = met});
  };
  const auto memory = [&](const std::string& when) {
    const double grown = resident("RssAnon") - before;
    add("memory beside the rest, " + when, grown, "MiB", "<= 128", grown <= 128);
  };
  const Ingest in = ingest(history, data, rows);
  add("rows in, a core", in.rows_per_second, "rows/s", ">= 200000", in.rows_per_second >= 200'000);
  add("rows in, as it went", in.wall_rows_per_second, "rows/s", "", true);
  add("longest wait for room", in.slowest, "s", "", true);
  memory("after writing");
  history.close_raw_file();
  const double bytes =
      static_cast<double>(history.status().bytes_on_disk) / static_cast<double>(rows);
  add("raw records on disk", bytes, "bytes/row", "<= 60", bytes <= 60);
  const double begin = seconds(CLOCK_MONOTONIC);
  history.keep_house();
  add("sums of a day", seconds(CLOCK_MONOTONIC) - begin, "s", "", true);
  memory("after sums");
  std::vector<double> medians;
  for (const Question& question : kQuestions) {
    std::string text = question.text;
    if (const auto at = text.find("namespace-3/POD"); at != std::string::npos) {
      const auto some =
          ask(history, "src.namespace=namespace-3 | top 1 src.name by flows | since 2h",
              clock.wall(), 10);
      std::string name = "none";
      if (some && !some->rows.empty())
        if (const auto* word = std::get_if<std::string>(&some->rows[0][0])) name = *word;
      text.replace(at, 15, "namespace-3/" + name);
    }
    std::vector<double> times;
    std::string tier;
    std::size_t found = 0;
    for (int round = 0; round < kRounds; ++round) {
      const double start = seconds(CLOCK_MONOTONIC);
      const auto answer = ask(history, text, clock.wall(), 10'000);
      times.push_back((seconds(CLOCK_MONOTONIC) - start) * 1e3);
      if (!answer) {
        fmt::print("history: {}: {}\n", text, answer.error().message);
        return 1;
      }
      tier = to_string(answer->tier);
      found = answer->rows.size();
    }
    medians.push_back(median(times));
    add(fmt::format("{} ({}, {} rows)", question.what, tier, found), medians.back(), "ms", "<= 300",
        medians.back() <= 300);
  }
  add("the ten questions, median", median(medians), "ms", "<= 300", median(medians) <= 300);
  std::vector<double> pages;
  for (int round = 0; round < kRounds; ++round) {
    const double start = seconds(CLOCK_MONOTONIC);
    const auto answer = ask(history, "src.namespace=namespace-3 dst.port=443", clock.wall(), 100);
    pages.push_back((seconds(CLOCK_MONOTONIC) - start) * 1e3);
    if (!answer || answer->rows.size() != 100) return 1;
  }
  add("first page of a filter", median(pages), "ms", "<= 50", median(pages) <= 50);
  memory("after the questions");
  // Whoever asks all the time does not keep writing waiting.
  std::atomic<bool> stop = false;
  std::thread asker([&] {
    while (!stop)
      (void)ask(history, "src.port>=1 | sum bytes by src.ip, dst.ip | limit 10", clock.wall(), 10);
  });
  const Ingest busy = ingest(history, data, rows / 20);
  stop = true;
  asker.join();
  add("rows in while queries run", busy.wall_rows_per_second, "rows/s", "", true);
  add("longest wait for room, then", busy.slowest, "s", "", true);
  memory("after both");
  add("all memory of the library and history", resident("VmHWM") - before_all, "MiB at most", "",
      true);
  report("Embedded history, " + std::to_string(rows) + " rows of a day", table);
  store->reset();
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
