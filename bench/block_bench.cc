// SPDX-License-Identifier: Apache-2.0
// Cost of the block stage by BPF_PROG_TEST_RUN: the XDP program without it, with empty
// lists, with 1,000,000 addresses and 10,000 networks and a packet that matches nothing, and
// with one that matches. Runs are interleaved; medians are printed. Then how long loading,
// dropping and freeing such a list holds up anybody.
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "abi/block_abi.h"
#include "abi/xdp_abi.h"
#include "block_off.skel.h"
#include "block_on.skel.h"
#include "bpf/kernel.h"
#include "probes/xdp/block_plane.h"
#include "probes/xdp/xdp_counters.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 11;
constexpr __u32 kRepeat = 200'000;
constexpr std::size_t kAddresses = 1'000'000;
constexpr std::size_t kNetworks = 10'000;
constexpr PlaneRoom kRoom{.feed_addresses = kAddresses, .feed_networks = kNetworks};
constexpr Nanos kLong = 3'600 * kSecond;
using Frame = std::array<std::uint8_t, 64>;

/// As block.bpf.c has it.
struct Sources {
  std::uint32_t base;
  std::uint32_t mask;
  std::uint32_t turn;
  std::uint32_t reserved;
};
/// Sources of the whole Internet, in networks beside those of the list: its addresses have
/// an odd third byte, these an even one. Or one of them.
constexpr Sources kMany{0, 0xfffffeff, 0, 0};
constexpr Sources kOne{0x80000001, 0, 0, 0};

Frame tcp_v4() {
  Frame f{};
  f[12] = 0x08;
  f[14] = 0x45;
  f[17] = 46;
  f[22] = 64;
  f[23] = 6;
  f[30] = 10;
  f[33] = 9;
  f[37] = 80;
  f[46] = 0x50;
  f[47] = 0x10;  // ACK
  return f;
}
Frame udp_v6() {
  Frame f{};
  f[12] = 0x86;
  f[13] = 0xdd;
  f[14] = 0x60;
  f[19] = 10;
  f[20] = 17;
  f[22] = 0x20;
  f[23] = 0x01;
  f[38] = 0xfd;
  f[53] = 9;
  return f;
}

double now_ms() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class Machine {
 public:
  Machine(const KernelFeatures& kernel, bool block) {
    std::size_t size = 0;
    const void* elf = block ? block_on_bpf__elf_bytes(&size) : block_off_bpf__elf_bytes(&size);
    XdpProgramOptions options;
    if (block) options.block = kRoom;
    auto programs = load_xdp_programs(options, kernel, {static_cast<const std::byte*>(elf), size});
    if (!programs) {
      fmt::print(stderr, "{}\n", programs.error().message);
      std::exit(1);
    }
    programs_.emplace(std::move(*programs));
    counters_.emplace(*XdpCounterTable::make(*programs_));
    if (!counters_->claim(1)) std::exit(1);
    if (block) plane = *XdpBlockPlane::make(*programs_, kRoom);
  }
  double run(const Frame& frame, Sources sources, __u32 repeat = kRepeat) {
    // Other sources in each run: SYNs that come again would prove their clients.
    sources.turn = turn_ += 10'000'000;
    const __u32 zero = 0;
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<__u32>(frame.size()),
                .repeat = static_cast<int>(repeat));
    if (bpf_map_update_elem(programs_->object.map_fd(".data.bench"), &zero, &sources, BPF_ANY) !=
            0 ||
        bpf_prog_test_run_opts(programs_->object.program_fd("netprobe_xdp"), &options) != 0) {
      fmt::print(stderr, "test run failed\n");
      std::exit(1);
    }
    dropped = options.retval == 1;
    return options.duration;
  }
  std::shared_ptr<XdpBlockPlane> plane;
  bool dropped = false;

 private:
  std::optional<XdpPrograms> programs_;
  std::optional<XdpCounterTable> counters_;
  std::uint32_t turn_ = 0;
};

/// All over the Internet, an eighth of them IPv6.
std::vector<IpPrefix> big_list() {
  std::mt19937 random(3);
  std::vector<IpPrefix> list;
  list.reserve(kAddresses + kNetworks);
  std::array<std::uint8_t, 16> six{0x20, 0x01};
  const auto address = [&](std::size_t i) {
    if (i % 8 != 0) return IpAddress::v4(static_cast<std::uint32_t>(random()) | 0x100);
    for (std::size_t at = 2; at < 16; ++at) six[at] = static_cast<std::uint8_t>(random());
    six[6] |= 1;
    return IpAddress(six);
  };
  for (std::size_t i = 0; i < kAddresses; ++i) list.push_back(IpPrefix::of(address(i), 128));
  for (std::size_t i = 0; i < kNetworks; ++i) {
    const IpAddress one = address(i);
    list.push_back(IpPrefix::of(one, one.is_v4() ? 24 + static_cast<int>(random() % 5) : 48));
  }
  return list;
}

struct Variant {
  std::string name;
  Machine* machine;
  Frame frame;
  Sources sources;
  bool drops = false;
  std::string budget;
  std::vector<double> ns{};
};

int measure(std::vector<Variant>& variants, std::vector<Row>& rows) {
  for (int round = -1; round < kRounds; ++round) {
    for (Variant& v : variants) {
      const double ns = v.machine->run(v.frame, v.sources);
      if (v.machine->dropped != v.drops) {
        fmt::print(stderr, "{}: the packet was {}dropped\n", v.name, v.drops ? "not " : "");
        return 1;
      }
      if (round >= 0) v.ns.push_back(ns);
    }
  }
  // The first variant of the same frame and sources is what the others are held against.
  for (const Variant& v : variants) {
    double base = 0;
    for (const Variant& b : variants)
      if (b.frame == v.frame && b.sources.mask == v.sources.mask) {
        base = median(b.ns);
        break;
      }
    const double over = median(v.ns) - base;
    rows.push_back({"XDP program", v.name, median(v.ns), "ns", fmt::format("{:+.1f} ns", over),
                    v.budget, v.budget.empty() || over <= 60});
  }
  return 0;
}

void expect(const Status& status) {
  if (status) return;
  fmt::print(stderr, "{}\n", status.error().message);
  std::exit(1);
}

/// The longest of one call, while `work` is done by another thread.
struct Worst {
  double put_ms = 0;
  double packets_ms = 0;
  double took_ms = 0;
};
template <typename Work>
Worst worst_during(Machine& machine, Work&& work) {
  Worst worst;
  std::atomic<bool> done{false};
  const double begin = now_ms();
  std::thread worker([&] {
    work();
    worst.took_ms = now_ms() - begin;
    done = true;
  });
  const PlaneBlock block{IpPrefix::of(IpAddress::v4(0x7f000001), 32), BlockMode::kEnforce, kLong};
  do {
    double start = now_ms();
    expect(machine.plane->put(block));
    worst.put_ms = std::max(worst.put_ms, now_ms() - start);
    start = now_ms();
    (void)machine.run(tcp_v4(), kMany, 1'000);
    worst.packets_ms = std::max(worst.packets_ms, now_ms() - start);
  } while (!done);
  worker.join();
  return worst;
}

int measure() {
  lift_memlock_limit();
  const auto kernel = probe_kernel();
  if (!kernel) {
    fmt::print(stderr, "{}\n", kernel.error().message);
    return 1;
  }
  std::vector<Row> rows;
  Machine off(*kernel, false);
  Machine empty(*kernel, true);
  std::vector<std::pair<std::string, Worst>> worst;
  std::optional<Machine> full;
  full.emplace(*kernel, true);
  const auto list = big_list();
  worst.emplace_back("nothing (for 200 ms)", worst_during(*full, [] {
                       std::this_thread::sleep_for(std::chrono::milliseconds(200));
                     }));
  worst.emplace_back("loading 1M + 10k", worst_during(*full, [&] {
                       expect(full->plane->load_feed(list, BlockMode::kEnforce, kLong));
                     }));
  worst.emplace_back("loading the same again", worst_during(*full, [&] {
                       expect(full->plane->load_feed(list, BlockMode::kEnforce, kLong));
                     }));
  worst.emplace_back("making the filter anew",
                     worst_during(*full, [&] { full->plane->make_filter_anew(); }));

  Machine& m = *full;
  const auto v4 = [](std::uint32_t a) { return IpPrefix::of(IpAddress::v4(a), 32); };
  expect(m.plane->put(PlaneBlock{v4(0x80000002), BlockMode::kEnforce, kLong}));
  expect(m.plane->put(PlaneBlock{v4(0x80000003), BlockMode::kDryRun, kLong}));
  expect(m.plane->put(PlaneBlock{v4(0x80000004), BlockMode::kEnforce, kLong}));
  expect(m.plane->put(
      PlaneBlock{IpPrefix::of(IpAddress::v4(0x80010000), 24), BlockMode::kEnforce, kLong}));
  const IpPrefix allowed[] = {v4(0x80000004)};
  expect(m.plane->allow(allowed));
  PlaneLimit limit{.address = IpAddress::v4(0x80000005),
                   .side = LimitSide::kSource,
                   .mode = BlockMode::kEnforce,
                   .rate = 1'000'000'000,
                   .burst = 1'000'000'000,
                   .remaining = kLong};
  expect(m.plane->put(limit));
  limit.address = IpAddress::v4(0x80000006);
  limit.rate = limit.burst = 1;
  expect(m.plane->put(limit));
  limit.address = IpAddress::v4(0x0a000009);
  limit.side = LimitSide::kSyn;
  limit.port = 80;
  expect(m.plane->put(limit));
  const auto as = [](std::uint32_t source) { return Sources{source, 0, 0, 0}; };
  std::uint32_t in_feed = 0;
  std::uint32_t in_feed_net = 0;
  const auto host = [](const IpPrefix& p) {
    const auto& b = p.network().bytes();
    return std::uint32_t{b[12]} << 24 | std::uint32_t{b[13]} << 16 | std::uint32_t{b[14]} << 8 |
           b[15];
  };
  for (const IpPrefix& p : list) {
    if (!p.network().is_v4()) continue;
    if (p.bits() == 128 && in_feed == 0) in_feed = host(p);
    if (p.bits() < 128) in_feed_net = host(p) + 3;
  }
  Frame syn = tcp_v4();
  syn[47] = 2;
  std::vector<Variant> variants{
      {"off, many sources", &off, tcp_v4(), kMany},
      {"empty lists, many sources", &empty, tcp_v4(), kMany},
      {"1M + 10k, no match, many sources", &m, tcp_v4(), kMany, false, "<= 60 ns more"},
      {"off, one source", &off, tcp_v4(), kOne},
      {"empty lists, one source", &empty, tcp_v4(), kOne},
      {"1M + 10k, no match, one source", &m, tcp_v4(), kOne, false, "<= 60 ns more"},
      {"off, many IPv6 sources", &off, udp_v6(), kMany},
      {"1M + 10k, no match, many IPv6 sources", &m, udp_v6(), kMany, false, "<= 60 ns more"},
      {"address blocked", &m, tcp_v4(), as(0x80000002), true},
      {"address in dry run", &m, tcp_v4(), as(0x80000003)},
      {"address blocked and allowed", &m, tcp_v4(), as(0x80000004)},
      {"network blocked", &m, tcp_v4(), as(0x80010007), true},
      {"address of the list of 1M", &m, tcp_v4(), as(in_feed), true},
      {"network of the list of 10k", &m, tcp_v4(), as(in_feed_net), true},
      {"source limit, within", &m, tcp_v4(), as(0x80000005)},
      {"source limit, over", &m, tcp_v4(), as(0x80000006), true},
      {"off, SYNs of many sources", &off, syn, kMany},
      {"SYN limit, over, many sources", &m, syn, kMany, true}};
  if (measure(variants, rows) != 0) return 1;

  worst.emplace_back("dropping the list", worst_during(m, [&] { m.plane->drop_feed(); }));
  worst.emplace_back("giving back its memory", worst_during(m, [&] {
                       for (int i = 0; i < 20; ++i) m.plane->tidy();
                     }));
  report("Block stage (BPF_PROG_TEST_RUN)", rows);
  rows.clear();
  for (const auto& [what, w] : worst) {
    rows.push_back({what, "took", w.took_ms, "ms", "", "", true});
    rows.push_back({what, "longest put of one block", w.put_ms, "ms", "", "", true});
    rows.push_back({what, "longest 1,000 packets", w.packets_ms, "ms", "", "", true});
  }
  report("Loading and dropping 1,000,000 addresses and 10,000 networks", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
