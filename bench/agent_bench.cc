// SPDX-License-Identifier: Apache-2.0
// The agent as users run it, default settings, in a namespace of its own: what
// it costs when nothing happens, under 300,000 packets a second, and with
// 100,000 flows; and how soon a new flow is on a client's screen.
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "agent_lab.h"
#include "bpf/kernel.h"
#include "bpf/tc_attachment.h"
#include "report.h"
#include "stream_latency.h"
#include "support/netns_thread.h"
#include "test_run.h"

namespace netprobe::bench {
namespace {

constexpr int kLoadRounds = 3;
constexpr Load kLoad{.flows = 10'000, .packets = 1'500'000, .packets_per_second = 300'000};

void sleep_seconds(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// No packet in two places or none, none without a place in the cache, no
/// event lost. `difference`: packets that hide.
struct Balance {
  double seen = 0;
  double flows = 0;
  double difference = 0;
  double cache_full = 0;
  double losses = 0;
  std::string what;
  double udp_pauses = 0;  ///< UDP by process alone is not followed for a while; flows are
};

Balance balance_of(const Page& page) {
  Balance balance;
  balance.seen = page.sum("netprobe_interface_rx_packets_total");
  balance.flows = page.sum("netprobe_flows");
  balance.difference = page.sum_of_absolutes("netprobe_accounting_difference_packets");
  balance.cache_full = page.sum("netprobe_unattributed_packets_total", "cause=\"cache_full\"");
  balance.what = page.losses(balance.losses);
  balance.udp_pauses = page.sum("netprobe_events_lost_total", "cause=\"udp_pauses\"");
  balance.losses -= balance.udp_pauses;
  return balance;
}

bool measure_idle(const AgentLab& lab, std::vector<Row>& rows) {
  const auto agent = RunningAgent::start(lab);
  if (!agent) return false;
  sleep_seconds(2);
  constexpr double kSeconds = 20;
  const double before = agent->cpu_seconds();
  sleep_seconds(kSeconds);
  const double share = (agent->cpu_seconds() - before) / kSeconds * 100;
  const double resident = agent->resident_mib();
  rows.push_back({"agent, idle", "memory (RSS)", resident, "MiB", "", "<= 60 MiB", resident <= 60});
  rows.push_back({"agent, idle", "CPU", share, "%", "of a core", "<= 0.5 %", share <= 0.5});
  return true;
}

/// What one load cost: the agent's own time and, where the kernel counts it,
/// the programs'.
struct Cost {
  double agent = 0;
  double programs = 0;
  Sent sent;
  Balance balance;
};

std::optional<Cost> run_load(const AgentLab& lab) {
  const auto agent = RunningAgent::start(lab);
  if (!agent) return std::nullopt;
  sleep_seconds(1.5);
  const auto start = agent->metrics();
  if (!start) return std::nullopt;
  const double before = agent->cpu_seconds();
  Cost cost;
  cost.sent = send(lab, kLoad);
  sleep_seconds(1.5);  // the last sweep is part of the price
  cost.agent = agent->cpu_seconds() - before;
  const auto page = agent->metrics();
  if (!page) return std::nullopt;
  constexpr auto kRunSeconds = "netprobe_program_run_seconds_total";
  cost.programs = page->sum(kRunSeconds) - start->sum(kRunSeconds);
  cost.balance = balance_of(*page);
  return cost;
}

/// The same load with a program that does nothing at the same hook.
std::optional<Cost> run_empty(const AgentLab& lab) {
  const auto kernel = probe_kernel();
  if (!kernel) return std::nullopt;
  const auto programs = load_bench_programs({}, *kernel);
  const auto ifindex = lab.watched.ifindex("v1");
  if (!ifindex) return std::nullopt;
  std::optional<TcAttachment> held;
  run_in(lab.watched, [&] {
    auto made = TcAttachment::make(programs.object.program("bench_nothing"), *ifindex,
                                   Direction::kIngress, TcMode::kAuto);
    if (made) held.emplace(std::move(*made));
  });
  if (!held) return std::nullopt;
  Cost cost;
  cost.sent = send(lab, kLoad);
  if (cost.sent.packets == 0) return std::nullopt;
  for (const ProgramStats& stats : programs.object.program_stats())
    cost.programs += static_cast<double>(stats.run_time) / 1e9;
  return cost;
}

bool measure_load(const AgentLab& lab, std::vector<Row>& rows) {
  std::vector<double> agent_times;
  std::vector<double> program_times;
  std::vector<double> empty_times;
  std::vector<double> over_empty;
  std::vector<double> rates;
  Balance worst;
  double missing = 0;
  const auto note = [&](const Cost& cost) {
    rates.push_back(static_cast<double>(cost.sent.packets) / cost.sent.seconds);
    missing += static_cast<double>(cost.sent.packets) - cost.balance.seen;
    worst.seen += cost.balance.seen;
    worst.flows = cost.balance.flows;
    worst.difference = std::max(worst.difference, cost.balance.difference);
    worst.cache_full = std::max(worst.cache_full, cost.balance.cache_full);
    worst.losses = std::max(worst.losses, cost.balance.losses);
    worst.udp_pauses = std::max(worst.udp_pauses, cost.balance.udp_pauses);
    if (cost.balance.losses > 0) worst.what += cost.balance.what;
  };
  for (int round = 0; round < kLoadRounds; ++round) {
    const auto bare = run_load(lab);
    if (!bare) return false;
    agent_times.push_back(bare->agent);
    note(*bare);
    const auto empty = run_empty(lab);
    if (!empty) return false;
    over_empty.push_back(bare->sent.cpu_seconds - empty->sent.cpu_seconds);
    // Counting costs time itself: runs of their own for the programs' share.
    const UniqueFd counting(bpf_enable_stats(BPF_STATS_RUN_TIME));
    const auto counted = run_load(lab);
    if (!counted) return false;
    program_times.push_back(counted->programs);
    note(*counted);
    const auto counted_empty = run_empty(lab);
    if (!counted_empty) return false;
    empty_times.push_back(counted_empty->programs);
  }
  const auto what = fmt::format("{} k packets, {} flows", kLoad.packets / 1000, kLoad.flows);
  const double together = median(agent_times) + median(program_times);
  rows.push_back(
      {what, "rate reached", median(rates) / 1000, "kpps", "of 300 asked for", "", true});
  rows.push_back({what, "agent", median(agent_times), "CPU s", "", "", true});
  rows.push_back({what, "programs", median(program_times), "CPU s",
                  fmt::format("{:.0f} ns a packet, counted",
                              median(program_times) / static_cast<double>(kLoad.packets) * 1e9),
                  "", true});
  rows.push_back({what, "an empty program", median(empty_times), "CPU s",
                  fmt::format("{:.0f} ns a packet, counted likewise",
                              median(empty_times) / static_cast<double>(kLoad.packets) * 1e9),
                  "", true});
  rows.push_back({what, "together", together, "CPU s", "", "<= 0.38 CPU s", together <= 0.38});
  rows.push_back({what, "together, less the counting", together - median(empty_times), "CPU s",
                  "what an empty program is counted at is the counting's own", "", true});
  // Reading the clock before and after waits for every load in between, which
  // a running processor does not: the same by what the sender paid.
  rows.push_back({what, "programs, uncounted", median(over_empty), "CPU s",
                  fmt::format("{:.0f} ns a packet, sender's CPU over empty's",
                              median(over_empty) / static_cast<double>(kLoad.packets) * 1e9),
                  "", true});
  rows.push_back({what, "together, uncounted", median(agent_times) + median(over_empty), "CPU s",
                  "", "", true});
  rows.push_back({what, "seen - in flows - unattr.", worst.difference, "packets",
                  fmt::format("{:.0f} seen in all runs", worst.seen), "= 0",
                  worst.difference == 0});
  rows.push_back(
      {what, "without a slot", worst.cache_full, "packets", "", "= 0", worst.cache_full == 0});
  rows.push_back(
      {what, "events lost", worst.losses, "events", worst.what, "= 0", worst.losses == 0});
  rows.push_back({what, "UDP by process paused", worst.udp_pauses, "times",
                  "of one run; flows go on, and the page counts it", "", true});
  rows.push_back(
      {what, "sent but not seen", missing, "packets", "drops; ARP counts as seen", "", true});
  return true;
}

bool measure_many_flows(const AgentLab& lab, std::vector<Row>& rows) {
  const auto agent = RunningAgent::start(lab);
  if (!agent) return false;
  const Sent sent = send(lab, {.flows = 100'000, .packets = 200'000, .packets_per_second = 40'000});
  sleep_seconds(2);
  const auto page = agent->metrics();
  if (!page || sent.packets == 0) return false;
  const Balance balance = balance_of(*page);
  const double resident = agent->resident_mib();
  const auto what = fmt::format("agent, {:.0f} live flows", balance.flows);
  rows.push_back({what, "memory (RSS)", resident, "MiB",
                  fmt::format("cache_full {:.0f}, lost {:.0f}", balance.cache_full, balance.losses),
                  "<= 200 MiB", resident <= 200 && balance.flows >= 99'000});
  return true;
}

/// A filter of some conditions, a pattern among them, that the samples pass.
constexpr std::string_view kStreamFilter =
    R"(protocol=udp dst.port=9 src.port=19000-40000 not dst.namespace~"^kube-")";

bool measure_latency(const AgentLab& lab, const std::string& query, std::vector<Row>& rows) {
  const auto agent = RunningAgent::start(lab);
  if (!agent) return false;
  constexpr int kSamples = 200;
  auto samples = stream_latencies(lab, kSamples, query);
  if (samples.size() < kSamples / 2) return false;
  std::ranges::sort(samples);
  const double p99 = samples[samples.size() * 99 / 100];
  const auto what =
      fmt::format("packet to /api/stream{}, {} times", query.empty() ? "" : "?q=", samples.size());
  rows.push_back({what, "p50", median(samples), "ms", "", "", true});
  rows.push_back({what, "p99", p99, "ms", fmt::format("longest {:.1f} ms", samples.back()),
                  "<= 50 ms", p99 <= 50 && samples.size() == kSamples});
  return true;
}

int measure() {
  if (const auto obstacle = test::netns_obstacle(); !obstacle.empty()) {
    fmt::print(stderr, "{}\n", obstacle);
    return 1;
  }
  const auto lab = build_agent_lab();
  if (!lab) {
    fmt::print(stderr, "cannot build the lab\n");
    return 1;
  }
  std::vector<Row> rows;
  const bool done = measure_idle(*lab, rows) && measure_latency(*lab, "", rows) &&
                    measure_latency(*lab, std::string(kStreamFilter), rows) &&
                    measure_load(*lab, rows) && measure_many_flows(*lab, rows);
  report("The agent", rows);
  if (!done) fmt::print(stderr, "a measurement failed; what is above is what there is\n");
  return done ? 0 : 1;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
