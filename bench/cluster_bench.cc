// SPDX-License-Identifier: Apache-2.0
// The cluster's server with many agents: simulated ones that speak the real protocol over
// mutual TLS, in one process, and the real netprobe-server in another. What it costs, how
// soon a record is in an answer, whether anything is lost uncounted, and what agents in
// trouble do to the answers of the others.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <set>
#include <thread>

#include "base/clock.h"
#include "fleet/cluster_run.h"
#include "fleet/fault_check.h"
#include "fleet/stream_reader.h"
#include "report.h"

namespace netprobe::bench {
namespace {

using test::ClusterRun;
using test::FaultAnswer;
using test::StreamReader;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kRecordsPerSecond = 200;
constexpr double kMostLatency = 1000;  // ms
constexpr int kQuestions = 40;
constexpr int kMarks = 60;
constexpr int kFaultQuestions = 8;
constexpr std::uint16_t kFirstMark = 2000;
const auto kPhase = std::chrono::seconds(15);

double number_of(const char* name, double otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtod(text, nullptr);
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(at, 1, values.size()) - 1];
}

class Bench {
 public:
  Bench(const ClusterRun& run, std::size_t agents) : run_(run), agents_(agents) {}

  Status idle() {
    return phase("no records, no clients", [] { std::this_thread::sleep_for(kPhase); });
  }
  /// Every record of every agent to one client.
  Status stream() {
    StreamReader reader(run_.url("/api/stream"));
    // A stream is open at every agent before the first record is made.
    std::this_thread::sleep_for(std::chrono::seconds(3));
    const auto before = run_.counts();
    if (auto s = set_rate(kRecordsPerSecond, 0); !s) return s;
    const auto began = Clock::now();
    auto s = phase("all records to one client", [] { std::this_thread::sleep_for(kPhase); });
    if (!s) return s;
    if (auto stopped = set_rate(0, 0); !stopped) return stopped;
    const double took = Seconds(Clock::now() - began).count();
    const auto after = run_.counts();
    const std::uint64_t told = after.told - before.told;
    const std::uint64_t made = after.made - before.made;
    for (int i = 0; i < 100 && reader.records() + reader.lost() < told; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    // It ends with the next line.
    (void)run_.fleet("/rate?told=10");
    const std::uint64_t records = reader.records();
    const std::uint64_t lost = reader.lost();
    const auto latencies = reader.end();
    if (auto stopped = set_rate(0, 0); !stopped) return stopped;
    row("records made a second", "", static_cast<double>(made) / took, "/s");
    row("records to the client", "", static_cast<double>(records) / took, "/s");
    row("told to be lost", "", static_cast<double>(lost), "");
    row("lost, and nobody says so", "",
        static_cast<double>(told) - static_cast<double>(records + lost), "", "0",
        records + lost == told);
    row("record to client", "median", percentile(latencies, 0.5), "ms");
    row("record to client", "p99", percentile(latencies, 0.99), "ms", "<= 1000",
        percentile(latencies, 0.99) <= kMostLatency);
    return {};
  }
  /// Sums of what just happened, asked again and again.
  Status questions() {
    if (auto s = set_rate(0, kRecordsPerSecond); !s) return s;
    std::this_thread::sleep_for(std::chrono::seconds(2));
    std::vector<double> times;
    auto s = phase("questions, one after the other", [&] {
      for (int i = 0; i < kQuestions; ++i) {
        const auto begin = Clock::now();
        const auto page =
            run_.query("flows | last 3s | sum packets by src.namespace, dst.namespace");
        if (page && page->as_object().contains("rows"))
          times.push_back(Seconds(Clock::now() - begin).count() * 1e3);
      }
    });
    if (!s) return s;
    row("question answered", fmt::format("median of {}", times.size()), percentile(times, 0.5),
        "ms");
    row("question answered", "p99", percentile(times, 0.99), "ms");
    return {};
  }
  /// How soon a record is in the answer to a question that is asked again and again.
  Status marks() {
    std::vector<double> times;
    auto s = phase("looking for single records", [&] {
      for (int i = 0; i < kMarks; ++i) {
        const auto port = kFirstMark + i;
        const auto agent = (static_cast<std::size_t>(i) * 37) % agents_;
        const auto begin = Clock::now();
        if (!run_.fleet(fmt::format("/mark?agent={}&port={}", agent, port))) return;
        for (int turn = 0; turn < 200; ++turn) {
          const auto page = run_.query(fmt::format("flows dst_port={} | last 1m | count", port));
          if (!page || !page->as_object().contains("rows")) return;
          if (page->at("rows").at(0).at(0).to_number<std::uint64_t>() == 0) continue;
          times.push_back(Seconds(Clock::now() - begin).count() * 1e3);
          break;
        }
      }
    });
    if (!s) return s;
    if (times.size() != kMarks) return fail("a record did not come into an answer");
    row("record to answer", "median", percentile(times, 0.5), "ms");
    row("record to answer", "p99", percentile(times, 0.99), "ms", "<= 1000",
        percentile(times, 0.99) <= kMostLatency);
    return set_rate(0, 0);
  }
  Status metrics() {
    std::this_thread::sleep_for(std::chrono::seconds(11));  // one look at the sums
    const auto begin = Clock::now();
    const test::HttpSize page = test::size_of(run_.url("/metrics"));
    row("/metrics", fmt::format("{} lines", page.lines),
        Seconds(Clock::now() - begin).count() * 1e3, "ms");
    row("/metrics", "", page.bytes / 1048576, "MiB");
    return {};
  }
  Status faults() {
    auto answers = test::check_faults(run_, agents_, kFaultQuestions);
    if (!answers) return std::unexpected(answers.error());
    fmt::print("\n{:<36} {:>9} {:>9} {:>9} {:>8} {:>9} {:>9}  {}\n", "agents", "median ms",
               "worst ms", "answered", "partial", "warned", "missing", "right");
    for (std::size_t i = 0; i < answers->size(); i += kFaultQuestions) {
      std::vector<double> times;
      std::uint64_t least = agents_;
      std::uint64_t most = 0;
      int partial = 0;
      int warned = 0;
      std::uint64_t missing = 0;
      std::string wrong;
      for (std::size_t k = i; k < i + kFaultQuestions; ++k) {
        const FaultAnswer& one = answers->at(k);
        times.push_back(one.millis);
        least = std::min(least, one.answered);
        most = std::max(most, one.answered);
        partial += one.partial ? 1 : 0;
        warned += one.warned ? 1 : 0;
        missing = std::max(missing, one.missing_flows);
        if (!one.wrong.empty()) wrong = one.wrong;
      }
      fmt::print("{:<36} {:>9.0f} {:>9.0f} {:>9} {:>8} {:>9} {:>9}  {}\n", answers->at(i).situation,
                 median(times), percentile(times, 1), fmt::format("{}-{}", least, most),
                 fmt::format("{}/{}", partial, kFaultQuestions),
                 fmt::format("{}/{}", warned, kFaultQuestions), missing,
                 wrong.empty() ? "yes" : wrong);
      right_ = right_ && wrong.empty();
      row("answer: " + answers->at(i).situation, "worst", percentile(times, 1), "ms", "<= 5000",
          percentile(times, 1) <= 5000 * 1.1);
    }
    return {};
  }
  [[nodiscard]] bool right() const { return right_; }
  void print() const {
    report(fmt::format("A server with {} agents of {} records/s (mutual TLS, one machine)", agents_,
                       kRecordsPerSecond),
           rows_);
  }

 private:
  template <typename Work>
  Status phase(const std::string& name, const Work& work) {
    const double cpu = run_.server_cpu();
    const double fleet = run_.counts().cpu;
    const auto begin = Clock::now();
    work();
    const double seconds = Seconds(Clock::now() - begin).count();
    row("server's CPU", name, (run_.server_cpu() - cpu) / seconds * 100, "% core");
    row("fleet's CPU", name, (run_.counts().cpu - fleet) / seconds * 100, "% core");
    row("server's memory", name, run_.server_mib(), "MiB");
    return {};
  }
  Status set_rate(std::size_t told, std::size_t kept) {
    if (auto s = run_.fleet(fmt::format("/rate?told={}&kept={}", told, kept)); !s)
      return std::unexpected(s.error());
    return {};
  }
  void row(std::string what, std::string variant, double value, std::string unit,
           std::string budget = "", bool met = true) {
    rows_.push_back(
        {std::move(what), std::move(variant), value, std::move(unit), "", std::move(budget), met});
  }

  const ClusterRun& run_;
  std::size_t agents_;
  std::vector<Row> rows_;
  bool right_ = true;
};

Status run_all() {
  const auto agents = static_cast<std::size_t>(number_of("NETPROBE_BENCH_AGENTS", 500));
  const auto begin = Clock::now();
  auto run = ClusterRun::start(agents);
  if (!run) return std::unexpected(run.error());
  if (auto s = run->wait_for_agents(agents); !s) return s;
  fmt::print("{} agents ready in {:.1f} s\n", agents, Seconds(Clock::now() - begin).count());
  Bench bench(*run, agents);
  for (const auto part : {&Bench::idle, &Bench::stream, &Bench::questions, &Bench::marks,
                          &Bench::metrics, &Bench::faults}) {
    if (auto s = (bench.*part)(); !s) {
      bench.print();
      fmt::print(stderr, "{}\n", run->server_log().substr(0, 4000));
      return s;
    }
  }
  bench.print();
  return bench.right() ? Status{} : fail("an answer is wrong");
}

}  // namespace
}  // namespace netprobe::bench

int main() {
  const auto done = netprobe::bench::run_all();
  if (!done) fmt::print(stderr, "cluster_bench: {}\n", done.error().message);
  return done ? 0 : 1;
}
