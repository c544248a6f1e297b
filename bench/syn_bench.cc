// SPDX-License-Identifier: Apache-2.0
// What a flood of SYNs costs the service that it is sent to: connections a second of an honest
// client, alone, flooded, and flooded with a limit of SYNs in the XDP program, natively on a
// veth pair. The flood has a CPU of its own, client and service share the other; each CPU has
// a queue, as a network card's receive side scaling gives it one. What a busy neighbour costs
// on this machine whatever it does is measured beside: the same sending to nobody.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bpf/kernel.h"
#include "bpf/xdp_attachment.h"
#include "probes/xdp/block_plane.h"
#include "probes/xdp/xdp_counters.h"
#include "report.h"
#include "support/syn_flood.h"
#include "support/temp_dir.h"

namespace netprobe::bench {
namespace {

using namespace netprobe::test;

constexpr unsigned kFloodCpu = 0;
constexpr unsigned kServiceCpu = 1;
constexpr double kBudget = 0.9;
constexpr Nanos kWindow = 600 * kSecond / 1'000;

/// A number of the environment, at least 1.
unsigned asked(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  return static_cast<unsigned>(std::max(std::strtoul(text, nullptr, 10), 1UL));
}

struct Kind {
  std::string name;
  FloodOptions flood;
  bool trafgen = false;
};

class Bench {
 public:
  Bench(SynLab lab, const KernelFeatures& kernel) : lab_(std::move(lab)) {
    auto programs = load_xdp_programs({.block = PlaneRoom{}}, kernel);
    if (!programs) give_up(programs.error().message);
    programs_.emplace(std::move(*programs));
    auto counters = XdpCounterTable::make(*programs_);
    auto plane = XdpBlockPlane::make(*programs_, {});
    const auto ifindex = lab_.service.ifindex("x0");
    if (!counters || !plane || !ifindex) give_up("no maps");
    counters_.emplace(std::move(*counters));
    plane_ = *plane;
    ifindex_ = *ifindex;
    if (!counters_->claim(ifindex_)) give_up("no room to count");
    std::string problem = "cannot enter the namespace";
    lab_.in_service([&] {
      auto made = XdpAttachment::make(programs_->object.program("netprobe_xdp"), ifindex_,
                                      XdpMode::kNative);
      problem = made ? "" : made.error().message;
      if (made) attachment_.emplace(std::move(*made));
    });
    if (!problem.empty()) give_up(problem);
  }

  /// Connections a second of a fresh service, while `kind` floods it; none: nobody does.
  double goodput(const Kind* kind, bool limited, bool six) {
    auto service = SmallService::start(lab_, kServiceCpu);
    if (!service) give_up(service.error().message);
    if (limited) set_limit(six, true);
    Sender sender = begin(kind);
    AskOptions asking{.six = six, .cpu = kServiceCpu, .time = kSecond / 4};
    if (limited) {
      // Until the bucket is empty, and the client is believed: once a minute, it waits for a
      // second.
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      asking.most = 1;
      asking.time = 4 * kSecond;
    } else if (kind != nullptr && !kind->flood.to_nobody) {
      asking.time = kSecond / 2;  // until a queue that fills is full
    }
    (void)ask_service(lab_, asking);
    asking.most = UINT64_MAX;
    asking.time = kWindow;
    const auto from = std::chrono::steady_clock::now();
    const auto sent = sender.ours ? sender.ours->sent() : 0;
    const auto came = counters_->read(ifindex_);
    const auto answered = ask_service(lab_, asking);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
    const auto now = counters_->read(ifindex_);
    if (sender.ours) flood_rate = static_cast<double>(sender.ours->sent() - sent) / took.count();
    dropped_rate = static_cast<double>(now.dropped - came.dropped) / took.count();
    end(sender);
    if (limited) set_limit(six, false);
    return static_cast<double>(answered) / took.count();
  }

  /// Seconds from a limit in the middle of a flood until the client has half of `goal`.
  double recovery(const Kind& kind, double goal) {
    auto service = SmallService::start(lab_, kServiceCpu);
    if (!service) give_up(service.error().message);
    Sender sender = begin(&kind);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    set_limit(kind.flood.six, true);
    const auto from = std::chrono::steady_clock::now();
    double seconds = 0;
    const AskOptions asking{.six = kind.flood.six, .cpu = kServiceCpu, .time = kSecond / 4};
    while (seconds < 15 && static_cast<double>(ask_service(lab_, asking)) < goal / 8)
      seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
    end(sender);
    set_limit(kind.flood.six, false);
    return seconds;
  }
  void cookies(bool on) {
    if (auto s = lab_.set_cookies(on); !s) give_up(s.error().message);
  }
  double flood_rate = 0;
  double dropped_rate = 0;

 private:
  struct Sender {
    std::optional<SynFlood> ours;
    std::optional<TrafgenFlood> theirs;
  };
  Sender begin(const Kind* kind) {
    Sender sender;
    if (kind == nullptr) return sender;
    if (!kind->trafgen) {
      auto started = SynFlood::start(lab_, kind->flood);
      if (!started) give_up(started.error().message);
      sender.ours.emplace(std::move(*started));
      return sender;
    }
    auto started = TrafgenFlood::start(lab_, kind->flood, dir_.file("trafgen.cfg"));
    if (!started) give_up(started.error().message);
    sender.theirs.emplace(std::move(*started));
    return sender;
  }
  static void end(const Sender& sender) {
    if (sender.ours && sender.ours->failed()) give_up("sending SYNs failed");
    if (sender.theirs && !sender.theirs->process().running())
      give_up("trafgen ended: " + sender.theirs->process().err());
  }
  [[noreturn]] static void give_up(const std::string& why) {
    fmt::print(stderr, "{}\n", why);
    std::exit(1);
  }
  void set_limit(bool six, bool on) {
    std::array<std::uint8_t, 16> fd08{0xfd, 0x08};
    fd08[15] = 1;
    const PlaneLimit limit{.address = six ? IpAddress(fd08) : IpAddress::v4(0x0a080001),
                           .port = SynLab::kPort,
                           .side = LimitSide::kSyn,
                           .mode = BlockMode::kEnforce,
                           .rate = 100,
                           .burst = 100,
                           .remaining = 3'600 * kSecond};
    if (auto s = on ? plane_->put(limit) : plane_->remove_limit(limit); !s)
      give_up(s.error().message);
  }

  SynLab lab_;
  TempDir dir_;
  std::optional<XdpPrograms> programs_;
  std::optional<XdpCounterTable> counters_;
  std::shared_ptr<XdpBlockPlane> plane_;
  std::optional<XdpAttachment> attachment_;
  std::uint32_t ifindex_ = 0;
};

/// What was measured again and again, in turn with all others.
struct Series {
  std::string what;
  std::string variant;
  std::string budget;
  std::vector<double> rates;
  std::vector<double> of_alone;
  std::vector<double> of_beside;
};

int measure() {
  if (const auto why = netns_obstacle(); !why.empty()) {
    fmt::print(stderr, "{}\n", why);
    return 1;
  }
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) {
    fmt::print(stderr, "needs two CPUs: one floods\n");
    return 1;
  }
  lift_memlock_limit();
  const auto kernel = probe_kernel();
  if (!kernel) {
    fmt::print(stderr, "{}\n", kernel.error().message);
    return 1;
  }
  const unsigned queues = asked("NETPROBE_BENCH_QUEUES", 2);
  auto lab = SynLab::make(queues);
  if (!lab) {
    fmt::print(stderr, "{}\n", lab.error().message);
    return 1;
  }
  Bench bench(std::move(*lab), *kernel);
  std::vector<Kind> kinds{{"our sender, many sources", {.cpu = kFloodCpu}},
                          {"our sender, one source", {.one_source = true, .cpu = kFloodCpu}},
                          {"our sender, many IPv6 sources", {.six = true, .cpu = kFloodCpu}}};
  // Where all CPUs share a queue it ends when that is full.
  if (queues > 1 && have_program("trafgen"))
    kinds.push_back({"trafgen, many sources", {.cpu = kFloodCpu}, true});
  std::map<std::pair<std::string, std::string>, Series> all;
  std::vector<Series*> order;
  const auto series = [&](const std::string& what, const std::string& variant) -> Series& {
    auto [at, fresh] = all.try_emplace({what, variant});
    if (fresh) {
      at->second.what = what;
      at->second.variant = variant;
      order.push_back(&at->second);
    }
    return at->second;
  };
  std::vector<double> recoveries;
  const unsigned rounds = asked("NETPROBE_BENCH_ROUNDS", 5);
  for (unsigned round = 0; round < rounds; ++round) {
    for (const bool six : {false, true}) {
      const std::string family = six ? "IPv6 client" : "IPv4 client";
      Kind nobody{"", {.six = six, .to_nobody = true, .cpu = kFloodCpu}};
      bench.cookies(false);
      const double alone = bench.goodput(nullptr, false, six);
      const double beside = bench.goodput(&nobody, false, six);
      const auto add = [&](const std::string& what, const std::string& variant, double rate) {
        Series& s = series(what, variant);
        s.rates.push_back(rate);
        s.of_alone.push_back(rate / alone);
        s.of_beside.push_back(rate / beside);
      };
      add(family, "alone", alone);
      add(family, "beside the same sending to nobody", beside);
      for (const Kind& kind : kinds) {
        if (kind.flood.six != six) continue;
        for (const bool cookies : {false, true}) {
          bench.cookies(cookies);
          const std::string with = cookies ? "cookies" : "no cookies";
          add(kind.name, "flooded, " + with, bench.goodput(&kind, false, six));
          // Of trafgen nobody knows how much it sent; of what was dropped, the program does.
          if (!kind.trafgen)
            series(kind.name, "SYNs/s sent then").rates.push_back(bench.flood_rate);
          Series& limited = series(kind.name, "flooded and limited, " + with);
          limited.budget = ">= 0.90 of beside";
          add(kind.name, limited.variant, bench.goodput(&kind, true, six));
          series(kind.name, "SYNs/s dropped by it").rates.push_back(bench.dropped_rate);
        }
      }
      if (!six && round < 2) {
        bench.cookies(false);
        recoveries.push_back(bench.recovery(kinds[0], beside));
      }
    }
  }
  std::vector<Row> rows;
  for (const Series* s : order) {
    if (s->of_alone.empty()) {
      rows.push_back({s->what, s->variant, median(s->rates), "/s", "", "", true});
      continue;
    }
    const double of_beside = median(s->of_beside);
    rows.push_back(
        {s->what, s->variant, median(s->rates), "conn/s",
         fmt::format("{:.2f} of alone, {:.2f} of beside", median(s->of_alone), of_beside),
         s->budget, s->budget.empty() || of_beside >= kBudget});
  }
  rows.push_back({kinds[0].name, "limited while flooded, no cookies: until served",
                  median(recoveries), "s", "", "", true});
  report("A flood of SYNs and an honest client", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
