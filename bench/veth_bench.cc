// SPDX-License-Identifier: Apache-2.0
// Throughput of a veth pair with nothing attached, with an empty TCX program
// in and out, and with NetProbe in and out and its reader beside. Small UDP
// packets of one sender, between two namespaces; runs are interleaved. An
// agent has one end of a pod's veth in its namespace, so that is what the
// budget is held against; both ends are what two agents cost together.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "bpf/tc_attachment.h"
#include "flow/flow_table.h"
#include "probes/flow/flow_probe.h"
#include "program.skel.h"
#include "report.h"
#include "support/netns.h"
#include "support/netns_thread.h"

namespace netprobe::bench {
namespace {

using test::NetNamespace;

// Short runs, many of them: what disturbs the machine then disturbs a few of
// the pairs that are compared, and the median does not see those.
constexpr int kRounds = 61;
constexpr int kWarmUp = 20'000;  // every flow is in the cache when time begins
constexpr int kPackets = 50'000;
constexpr int kBatch = 50;

class OneName final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return "veth"; }
  [[nodiscard]] Role interface_role(std::uint32_t) const override { return Role::kHost; }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }
};

/// The thread stays on the last CPU: a move in the middle of a run costs more
/// than what is measured.
void stay_on_one_cpu() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(std::max(::get_nprocs() - 1, 0), &cpus);
  ::sched_setaffinity(0, sizeof(cpus), &cpus);
}

/// Sends kPackets to `flows` destinations in turn; nanoseconds a packet.
double send_all(const NetNamespace& from, int flows) {
  double per_packet = 0;
  run_in(from, [&] {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // The same port each time: the flows of a run are those of the last one.
    sockaddr_in from_port{};
    from_port.sin_family = AF_INET;
    from_port.sin_port = htons(5000);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&from_port), sizeof(from_port)) != 0)
      return 1;
    std::array<char, 18> payload{};
    iovec data{payload.data(), payload.size()};
    std::vector<sockaddr_in> to(static_cast<std::size_t>(flows));
    for (std::size_t i = 0; i < to.size(); ++i) {
      to[i].sin_family = AF_INET;
      to[i].sin_port = htons(9);
      to[i].sin_addr.s_addr = htonl(0x0ac80000U + 256 + static_cast<std::uint32_t>(i));
    }
    std::array<mmsghdr, kBatch> batch{};
    const SystemClock clock;
    Nanos begin = 0;
    std::size_t next = 0;
    stay_on_one_cpu();
    for (int sent = -kWarmUp; sent < kPackets; sent += kBatch) {
      if (sent == 0) begin = clock.monotonic();
      for (auto& message : batch) {
        message.msg_hdr.msg_name = &to[next];
        message.msg_hdr.msg_namelen = sizeof(sockaddr_in);
        message.msg_hdr.msg_iov = &data;
        message.msg_hdr.msg_iovlen = 1;
        if (++next == to.size()) next = 0;
      }
      if (::sendmmsg(socket.get(), batch.data(), batch.size(), 0) < 0) return 1;
    }
    per_packet = static_cast<double>(clock.monotonic() - begin) / kPackets;
    return 0;
  });
  return per_packet;
}

struct Lab {
  NetNamespace a;
  NetNamespace b;
  std::uint32_t a_index;
  std::uint32_t b_index;
  UniqueFd sink;
};

std::optional<Lab> build() {
  auto a = NetNamespace::create();
  auto b = NetNamespace::create();
  if (!a || !b) return std::nullopt;
  // Interface numbers of their own: both ends are points of one cache here.
  const bool ok = a->ip({"link", "add", "v0", "index", "1001", "type", "veth", "peer", "name", "v1",
                         "index", "1002", "netns", b->name()}) &&
                  a->set_up("v0") && b->set_up("v1") && a->add_address("v0", "10.201.0.1/16") &&
                  b->add_address("v1", "10.201.0.2/16") &&
                  a->ip({"route", "add", "10.200.0.0/16", "via", "10.201.0.2"}) &&
                  b->ip({"route", "add", "local", "10.200.0.0/16", "dev", "lo"});
  auto a_index = a->ifindex("v0");
  auto b_index = b->ifindex("v1");
  if (!ok || !a_index || !b_index) return std::nullopt;
  Lab lab{std::move(*a), std::move(*b), *a_index, *b_index, {}};
  // A receiver that never reads: its queue fills, the rest is dropped there,
  // which costs the same in every variant.
  run_in(lab.b, [&] {
    lab.sink.reset(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(9);
    return ::bind(lab.sink.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any));
  });
  return lab;
}

using Attachments = std::vector<TcAttachment>;

Attachments attach(const Lab& lab, std::size_t ends, const bpf_program* in,
                   const bpf_program* out) {
  Attachments result;
  const auto both = [&](const NetNamespace& ns, std::uint32_t ifindex) {
    run_in(ns, [&] {
      auto ingress = TcAttachment::make(in, ifindex, Direction::kIngress, TcMode::kTcx);
      auto egress = TcAttachment::make(out, ifindex, Direction::kEgress, TcMode::kTcx);
      if (!ingress || !egress) return 1;
      result.push_back(std::move(*ingress));
      result.push_back(std::move(*egress));
      return 0;
    });
  };
  both(lab.a, lab.a_index);
  if (ends == 2) both(lab.b, lab.b_index);
  if (result.size() != 2 * ends) fmt::print(stderr, "cannot attach by TCX\n");
  return result;
}

int measure() {
  lift_memlock_limit();
  const auto kernel = probe_kernel();
  auto lab = build();
  if (!kernel || !lab) {
    fmt::print(stderr, "cannot build the lab\n");
    return 1;
  }
  FlowProgramOptions options;
  auto programs = load_flow_programs(options, *kernel);
  std::size_t size = 0;
  const void* elf = program_bpf__elf_bytes(&size);
  auto empties = load_flow_programs(options, *kernel, {static_cast<const std::byte*>(elf), size});
  if (!programs || !empties) {
    fmt::print(stderr, "{}\n", (programs ? empties.error() : programs.error()).message);
    return 1;
  }
  auto devices = DeviceTable::make(*programs);
  auto reader = CacheReader::make(*programs);
  if (!devices || !reader || !devices->claim(lab->a_index) || !devices->claim(lab->b_index))
    return 1;
  const OneName names;
  FlowTable table({}, names);
  std::atomic<bool> done{false};
  std::thread reading([&] {
    for (int turn = 0; !done; ++turn) {
      reader->poll(table);
      if (turn % 100 == 99) reader->sweep(table);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });

  std::vector<Row> rows;
  struct Case {
    int flows;
    std::size_t ends;
  };
  for (const auto [flows, ends] : {Case{1, 1}, Case{10'000, 1}, Case{1, 2}, Case{10'000, 2}}) {
    std::vector<double> nothing;
    std::vector<double> empty_over_nothing;
    std::vector<double> ours_over_empty;
    std::vector<double> added;
    for (int round = -1; round < kRounds; ++round) {
      const double bare = send_all(lab->a, flows);
      double empty = 0;
      double ours = 0;
      const auto run_empty = [&] {
        const auto held = attach(*lab, ends, empties->object.program("bench_nothing"),
                                 empties->object.program("bench_nothing"));
        empty = send_all(lab->a, flows);
      };
      const auto run_ours = [&] {
        const auto held = attach(*lab, ends, programs->object.program("netprobe_tc_ingress"),
                                 programs->object.program("netprobe_tc_egress"));
        ours = send_all(lab->a, flows);
      };
      // Who goes first alternates, so that a drift favours nobody.
      if (round % 2 == 0) {
        run_empty();
        run_ours();
      } else {
        run_ours();
        run_empty();
      }
      if (round < 0) continue;
      nothing.push_back(bare);
      empty_over_nothing.push_back(bare / empty);
      ours_over_empty.push_back(empty / ours);
      added.push_back(ours - empty);
    }
    const auto what = fmt::format("veth, {}, {} flows", ends == 1 ? "one end" : "both ends", flows);
    const double ratio = median(ours_over_empty);
    const bool budgeted = ends == 1;
    rows.push_back({what, "nothing attached", median(nothing), "ns/pkt", "", "", true});
    rows.push_back({what, "empty TCX, in and out", median(empty_over_nothing), "",
                    "of nothing's throughput", "", true});
    rows.push_back({what, "NetProbe, in and out", ratio, "",
                    fmt::format("of empty's ({:+.1f} ns/pkt)", median(added)),
                    budgeted ? ">= 0.95" : "", !budgeted || ratio >= 0.95});
  }
  done = true;
  reading.join();
  reader->sweep(table);
  std::uint64_t seen = 0;
  std::uint64_t attributed = 0;
  std::uint64_t unattributed = 0;
  for (const auto ifindex : {lab->a_index, lab->b_index}) {
    for (const auto direction : {Direction::kIngress, Direction::kEgress}) {
      const auto counters = devices->read(ifindex, direction);
      seen += counters.packets;
      unattributed += counters.unattributed_total();
      attributed += table.attributed(ifindex, direction);
    }
  }
  rows.push_back({"the same, accounting", "seen - in flows - unattr.",
                  static_cast<double>(seen) - static_cast<double>(attributed + unattributed),
                  "packets", fmt::format("{} seen, {} unattributed", seen, unattributed), "= 0",
                  seen == attributed + unattributed});
  rows.push_back({"the same", "evictions a packet",
                  static_cast<double>(reader->stats().evictions) / static_cast<double>(seen), "",
                  "", "", true});
  report("Live throughput", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
