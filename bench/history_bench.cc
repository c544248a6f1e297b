// SPDX-License-Identifier: Apache-2.0
// The embedded history: rows in, bytes on disk, memory, and the ten usual questions
// over 10 M rows of a day. Rows a second are of CPU time of the whole process without
// the making of the rows, so of one core whatever else the machine does.
#include <fmt/format.h>
#include <stdlib.h>  // NOLINT: mkdtemp is not in <cstdlib>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "cpu_time.h"
#include "history_data.h"
#include "history_questions.h"
#include "report.h"
#include "store/duckdb/duckdb_store.h"

namespace netprobe::bench {
namespace {

constexpr std::size_t kBatch = 10'240;  // three are what is compressed together
constexpr int kRounds = 5;
constexpr Micros kDay = 24 * kHistoryHour;

void flush(DuckDbStore& store) {
  std::promise<void> done;
  store.flush(600'000'000, [&done] { done.set_value(); });
  done.get_future().wait();
}

struct Ingest {
  std::size_t rows = 0;  ///< of every kind
  double cpu = 0;        ///< seconds
  double wall = 0;
  double slowest = 0;  ///< seconds until there was room for another batch

  void add(const Ingest& other) {
    rows += other.rows;
    cpu += other.cpu;
    wall += other.wall;
    slowest = std::max(slowest, other.slowest);
  }
  [[nodiscard]] double rate(double time) const { return static_cast<double>(rows) / time; }
};

/// Writes so many flows and their events, at most as fast as they are acknowledged.
Ingest ingest(DuckDbStore& store, HistoryData& data, std::size_t flows) {
  Ingest result;
  double made = 0;
  const double cpu = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
  const double wall = seconds_on(CLOCK_MONOTONIC);
  for (std::size_t done = 0; done < flows; done += kBatch) {
    const double begin = thread_seconds();
    auto batch = data.next(std::min(kBatch, flows - done));
    data.add_events(*batch);
    result.rows += batch->size();
    made += thread_seconds() - begin;
    store.write(std::move(batch));
    const double wait = seconds_on(CLOCK_MONOTONIC);
    while (store.status().rows_waiting > 4 * kBatch)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    result.slowest = std::max(result.slowest, seconds_on(CLOCK_MONOTONIC) - wait);
  }
  flush(store);
  result.cpu = seconds_on(CLOCK_PROCESS_CPUTIME_ID) - cpu - made;
  result.wall = seconds_on(CLOCK_MONOTONIC) - wall - made;
  return result;
}

/// Watches how much memory of this process no file backs.
class MemoryWatch {
 public:
  MemoryWatch() : before_(resident()) {}
  ~MemoryWatch() {
    stop_ = true;
    thread_.join();
  }
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;
  /// MiB at most beside what there was at first, since this was asked last.
  [[nodiscard]] double most() { return most_.exchange(0) - before_; }

 private:
  static double resident() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("RssAnon"))
        return std::strtod(line.c_str() + line.find(':') + 1, nullptr) / 1024.0;
    return 0;
  }

  const double before_;
  std::atomic<double> most_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_{[this] {
    while (!stop_) {
      most_ = std::max(most_.load(), resident());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }};
};

int run() {
  const std::size_t rows = std::getenv("NETPROBE_BENCH_ROWS") != nullptr
                               ? std::strtoull(std::getenv("NETPROBE_BENCH_ROWS"), nullptr, 10)
                               : 10'000'000;
  // As in a day of one node: a raw file an hour.
  const std::size_t file = std::max<std::size_t>(rows / 24 / kBatch, 1) * kBatch;
  std::string folder = std::filesystem::temp_directory_path() / "np-bench-history-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const SystemClock clock;
  DuckDbOptions options;
  options.directory = folder;
  options.keep_raw = 3 * kDay;
  options.housekeeping = 1'000'000'000'000;  // when it is told to
  HistoryData data;
  data.set_rate(static_cast<double>(rows) / (24 * 3600));
  data.set_rare(rows / 10);
  data.set_time(clock.wall() / kMicrosecond - kDay);
  MemoryWatch memory;
  auto store = DuckDbStore::open(options, clock);
  if (!store) {
    fmt::print("history: {}\n", store.error().message);
    std::filesystem::remove_all(folder);
    return 0;
  }
  DuckDbStore& history = **store;
  std::vector<Row> table;
  const auto add = [&](std::string what, double value, std::string unit, std::string budget,
                       bool met) {
    if (std::getenv("NETPROBE_BENCH_TELL") != nullptr)
      fmt::print(stderr, "{}: {:.1f} {}{}\n", what, value, unit, met ? "" : " MISSED");
    table.push_back({.what = std::move(what),
                     .variant = "duckdb",
                     .value = value,
                     .unit = std::move(unit),
                     .budget = std::move(budget),
                     .met = met});
  };
  const auto add_memory = [&](const std::string& when) {
    const double most = memory.most();
    add("memory at most, " + when, most, "MiB", "<= 128", most <= 128);
  };
  const Micros begin = data.time();
  Ingest in;
  for (std::size_t done = 0; done < rows; done += file) {
    in.add(ingest(history, data, std::min(file, rows - done)));
    history.close_raw_file();
  }
  const Micros end = data.time();
  add("rows in, a core", in.rate(in.cpu), "rows/s", ">= 200000", in.rate(in.cpu) >= 200'000);
  add("rows in, as it went", in.rate(in.wall), "rows/s", "", true);
  add("longest wait for room", in.slowest, "s", "", true);
  add_memory("writing");
  const double bytes =
      static_cast<double>(history.status().bytes_on_disk) / static_cast<double>(in.rows);
  add("raw records on disk", bytes, "bytes/row", "<= 60", bytes <= 60);
  const double sums_cpu = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
  history.keep_house();
  if (const auto status = history.status(); !status.problem.empty()) {
    fmt::print("history: {}\n", status.problem);
    return 1;
  }
  add("sums of a day, CPU", seconds_on(CLOCK_PROCESS_CPUTIME_ID) - sums_cpu, "s", "", true);
  const double all_bytes =
      static_cast<double>(history.status().bytes_on_disk) / static_cast<double>(in.rows);
  add("with sums", all_bytes, "bytes/row", "", true);
  add_memory("summing up");
  std::vector<double> medians;
  for (const Question& question : ten_questions(begin, end)) {
    const double cpu = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
    const Timing timing = ask(history, question, end, kRounds);
    if (!timing.problem.empty()) {
      fmt::print("history: {}: {}\n", question.text, timing.problem);
      return 1;
    }
    const double budget = question.first_page ? 50 : 300;
    if (!question.first_page) medians.push_back(timing.milliseconds);
    add(fmt::format("{} ({}, {} rows, CPU {:.0f})", question.what, timing.tier, timing.rows,
                    (seconds_on(CLOCK_PROCESS_CPUTIME_ID) - cpu) / kRounds * 1e3),
        timing.milliseconds, "ms", fmt::format("<= {}", budget), timing.milliseconds <= budget);
  }
  add("the ten questions, median", median(medians), "ms", "<= 300", median(medians) <= 300);
  for (const Question& question : name_filters(begin, end)) {
    const double cpu = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
    const Timing timing = ask(history, question, end, kRounds);
    if (!timing.problem.empty()) {
      fmt::print("history: {}: {}\n", question.text, timing.problem);
      return 1;
    }
    add(fmt::format("filter by {} (CPU {:.0f})", question.what,
                    (seconds_on(CLOCK_PROCESS_CPUTIME_ID) - cpu) / kRounds * 1e3),
        timing.milliseconds, "ms", "", true);
  }
  add_memory("answering");
  // Whoever asks all the time does not keep writing waiting; files are summed up meanwhile.
  std::atomic<bool> stop = false;
  std::thread asker([&] {
    const auto questions = ten_questions(begin, end);
    for (std::size_t i = 0; !stop; ++i) (void)ask(history, questions[i % questions.size()], end, 1);
  });
  std::thread keeper([&] {
    while (!stop) history.keep_house();
  });
  Ingest busy;
  for (int part = 0; part < 2; ++part) {
    busy.add(ingest(history, data, std::min<std::size_t>(file, rows / 20)));
    history.close_raw_file();
  }
  stop = true;
  asker.join();
  keeper.join();
  history.keep_house();
  add("rows in while queries run", busy.rate(busy.wall), "rows/s", "", true);
  add("longest wait for room, then", busy.slowest, "s", "", true);
  add_memory("all at once");
  report("Embedded history, " + std::to_string(in.rows) + " rows of a day", table);
  store->reset();
  if (std::getenv("NETPROBE_BENCH_KEEP") == nullptr) std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
