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
#include <functional>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cpu_time.h"
#include "history_data.h"
#include "history_questions.h"
#include "report.h"
#include "store/duckdb/duckdb_store.h"

namespace netprobe::bench {
namespace {

constexpr std::size_t kBatch = 10'240;  // three are what is compressed together
constexpr int kRounds = 5;
constexpr int kRoundsTogether = 3;
constexpr double kBudget = 300;  // ms
constexpr double kPageBudget = 50;
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
  [[nodiscard]] double most() const { return most_.exchange(0) - before_; }

 private:
  static double resident() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("RssAnon"))
        return std::strtod(line.c_str() + line.find(':') + 1, nullptr) / 1024.0;
    return 0;
  }

  const double before_;
  mutable std::atomic<double> most_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_{[this] {
    while (!stop_) {
      most_ = std::max(most_.load(), resident());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }};
};

/// What is measured of the store in `folder`; its data stay where NETPROBE_BENCH_DATA names it.
class HistoryBench {
 public:
  HistoryBench(std::string folder, std::set<std::string> parts)
      : folder_(std::move(folder)), parts_(std::move(parts)) {}

  [[nodiscard]] int run() {
    data_.set_rate(static_cast<double>(rows_) / (24 * 3600));
    data_.set_rare(rows_ / 10);
    const bool known = read_span();
    DuckDbOptions options;
    options.directory = folder_;
    options.keep_raw = 3 * kDay;
    options.housekeeping = 1'000'000'000'000;  // when it is told to
    const MemoryWatch memory;
    memory_ = &memory;
    auto store = DuckDbStore::open(options, clock_);
    if (!store) {
      fmt::print("history: {}\n", store.error().message);
      return 0;
    }
    history_ = store->get();
    if (!known && !write()) return 1;
    data_.set_time(end_);
    bool all = !wants("ask") || (ask_ten() && ask_filters());
    if (all && wants("ask")) add_memory("answering", answering_);
    if (all && wants("together")) all = ask_together();
    if (all && wants("busy")) busy();
    if (!all) return 1;
    report(fmt::format("Embedded history, {} rows of a day", written_), table_);
    return 0;
  }

 private:
  [[nodiscard]] bool wants(const std::string& part) const {
    return parts_.empty() || parts_.contains(part);
  }

  void add(std::string what, double value, std::string unit, std::string budget = "",
           bool met = true) {
    if (std::getenv("NETPROBE_BENCH_TELL") != nullptr)
      fmt::print(stderr, "{}: {:.1f} {}{}\n", what, value, unit, met ? "" : " MISSED");
    table_.push_back({.what = std::move(what),
                      .variant = "duckdb",
                      .value = value,
                      .unit = std::move(unit),
                      .budget = std::move(budget),
                      .met = met});
  }
  void add_memory(const std::string& when, double before = 0) {
    const double most = std::max(memory_->most(), before);
    add("memory at most, " + when, most, "MiB", "<= 128", most <= 128);
  }

  /// The data of an earlier run are there.
  [[nodiscard]] bool read_span() {
    std::ifstream(folder_ + ".span") >> begin_ >> end_ >> written_;
    return written_ > 0;
  }

  [[nodiscard]] bool write() {
    // As in a day of one node: a raw file an hour.
    const std::size_t file = file_rows();
    data_.set_time(clock_.wall() / kMicrosecond - kDay);
    begin_ = data_.time();
    Ingest in;
    for (std::size_t done = 0; done < rows_; done += file) {
      in.add(ingest(*history_, data_, std::min(file, rows_ - done)));
      history_->close_raw_file();
    }
    end_ = data_.time();
    written_ = in.rows;
    add("rows in, a core", in.rate(in.cpu), "rows/s", ">= 200000", in.rate(in.cpu) >= 200'000);
    add("rows in, as it went", in.rate(in.wall), "rows/s");
    add("longest wait for room", in.slowest, "s");
    add_memory("writing");
    const double bytes = bytes_a_row();
    add("raw records on disk", bytes, "bytes/row", "<= 60", bytes <= 60);
    const double sums_cpu = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
    history_->keep_house();
    if (const auto status = history_->status(); !status.problem.empty()) {
      fmt::print("history: {}\n", status.problem);
      return false;
    }
    add("sums of a day, CPU", seconds_on(CLOCK_PROCESS_CPUTIME_ID) - sums_cpu, "s");
    add("with sums", bytes_a_row(), "bytes/row");
    add_memory("summing up");
    std::ofstream(folder_ + ".span") << begin_ << ' ' << end_ << ' ' << written_ << '\n';
    return true;
  }

  [[nodiscard]] std::size_t file_rows() const {
    return std::max<std::size_t>(rows_ / 24 / kBatch, 1) * kBatch;
  }
  [[nodiscard]] double bytes_a_row() const {
    return static_cast<double>(history_->status().bytes_on_disk) / static_cast<double>(written_);
  }

  using Tell = std::function<void(const Question& question, const Timing& timing, double cpu)>;
  /// False: there was no answer.
  [[nodiscard]] bool ask_some(const std::vector<Question>& questions, const Tell& tell) {
    for (const Question& question : questions) {
      const double cpu = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
      const Timing timing = ask(*history_, question, end_, kRounds);
      if (!timing.problem.empty()) {
        fmt::print("history: {}: {}\n", question.text, timing.problem);
        return false;
      }
      tell(question, timing, (seconds_on(CLOCK_PROCESS_CPUTIME_ID) - cpu) / kRounds * 1e3);
    }
    return true;
  }

  [[nodiscard]] bool ask_ten() {
    std::vector<double> medians;
    const bool answered = ask_some(ten_questions(begin_, end_), [&](const Question& question,
                                                                    const Timing& timing,
                                                                    double cpu) {
      const double budget = question.first_page ? kPageBudget : kBudget;
      if (!question.first_page) medians.push_back(timing.milliseconds);
      add(fmt::format("{} ({}, {} rows, CPU {:.0f})", question.what, timing.tier, timing.rows, cpu),
          timing.milliseconds, "ms", fmt::format("<= {}", budget), timing.milliseconds <= budget);
    });
    if (answered)
      add("the ten questions, median", median(medians), "ms", fmt::format("<= {}", kBudget),
          median(medians) <= kBudget);
    return answered;
  }

  [[nodiscard]] bool ask_filters() {
    return ask_some(name_filters(begin_, end_), [&](const Question& question, const Timing& timing,
                                                    double cpu) {
      add(fmt::format("filter by {} (CPU {:.0f})", question.what, cpu), timing.milliseconds, "ms");
    });
  }

  /// Ten who ask the ten questions at once, and one who wants a first page again and again.
  [[nodiscard]] bool ask_together() {
    const auto questions = ten_questions(begin_, end_);
    std::vector<std::thread> askers;
    std::vector<Timing> timings(questions.size());
    std::atomic<unsigned> left = 0;
    Question page;
    const double begin = seconds_on(CLOCK_MONOTONIC);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      if (questions[i].first_page) {
        page = questions[i];
        continue;
      }
      ++left;
      askers.emplace_back([&, i] {
        timings[i] = ask(*history_, questions[i], end_, kRoundsTogether);
        --left;
      });
    }
    std::vector<double> pages;
    while (left > 0) {
      const Timing timing = ask(*history_, page, end_, 1);
      if (!timing.problem.empty()) timings.back().problem = timing.problem;
      pages.push_back(timing.milliseconds);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    for (std::thread& asker : askers) asker.join();
    for (const Timing& timing : timings) {
      if (timing.problem.empty()) continue;
      fmt::print("history: together: {}\n", timing.problem);
      return false;
    }
    add("ten at once, a round", (seconds_on(CLOCK_MONOTONIC) - begin) / kRoundsTogether * 1e3,
        "ms");
    add(fmt::format("first page meanwhile, of {}", pages.size()), median(pages), "ms");
    add("the slowest of them", std::ranges::max(pages), "ms");
    add_memory("ten questions at once");
    return true;
  }

  /// Whoever asks all the time does not keep writing waiting; files are summed up meanwhile.
  void busy() {
    std::atomic<bool> stop = false;
    std::thread asker([&] {
      const auto questions = ten_questions(begin_, end_);
      for (std::size_t i = 0; !stop; ++i)
        (void)ask(*history_, questions[i % questions.size()], end_, 1);
    });
    std::thread keeper([&] {
      while (!stop) history_->keep_house();
    });
    Ingest in;
    for (int part = 0; part < 2; ++part) {
      in.add(ingest(*history_, data_, std::min<std::size_t>(file_rows(), rows_ / 20)));
      history_->close_raw_file();
    }
    stop = true;
    asker.join();
    keeper.join();
    history_->keep_house();
    written_ += in.rows;
    add("rows in while queries run", in.rate(in.wall), "rows/s");
    add("longest wait for room, then", in.slowest, "s");
    add_memory("all at once");
  }

  const std::string folder_;
  const std::set<std::string> parts_;
  const std::size_t rows_ = std::getenv("NETPROBE_BENCH_ROWS") != nullptr
                                ? std::strtoull(std::getenv("NETPROBE_BENCH_ROWS"), nullptr, 10)
                                : 10'000'000;
  const SystemClock clock_;
  HistoryData data_;
  const MemoryWatch* memory_ = nullptr;
  DuckDbStore* history_ = nullptr;
  Micros begin_ = 0;
  Micros end_ = 0;
  std::size_t written_ = 0;  ///< rows of every kind
  double answering_ = 0;     ///< MiB
  std::vector<Row> table_;
};

int measure(std::set<std::string> parts) {
  if (const char* data = std::getenv("NETPROBE_BENCH_DATA"); data != nullptr)
    return HistoryBench(data, std::move(parts)).run();
  std::string folder = std::filesystem::temp_directory_path() / "np-bench-history-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const int code = HistoryBench(folder, std::move(parts)).run();
  std::filesystem::remove_all(folder);
  std::filesystem::remove(folder + ".span");
  return code;
}

}  // namespace
}  // namespace netprobe::bench

// history_bench [PART …]: of ask, together and busy those alone. NETPROBE_BENCH_DATA names a
// folder for the data, which the next run asks without writing them.
int main(int argc, char** argv) { return netprobe::bench::measure({argv + 1, argv + argc}); }
