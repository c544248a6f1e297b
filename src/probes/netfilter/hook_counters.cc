// SPDX-License-Identifier: Apache-2.0
#include "probes/netfilter/hook_counters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>

#include <algorithm>
#include <climits>

#include "base/network_namespace.h"
#include "netfilter.skel.h"
#include "netfilter_fexit.skel.h"

namespace netprobe {
namespace {

constexpr std::array<std::string_view, NP_NF_HOOKS> kHookNames{"prerouting", "input", "forward",
                                                               "output", "postrouting"};
// Behind the kernel's reassembly: fragments that go in and a datagram that
// comes out are no drops.
constexpr std::int32_t kBehindDefrag = NF_IP_PRI_CONNTRACK_DEFRAG + 1;
// The very first and last are the kernel's own (bridges' packets; confirming a
// connection).
constexpr std::int32_t kFirst = INT_MIN + 1;
constexpr std::int32_t kLast = INT_MAX - 1;
constexpr int kTries = 16;
constexpr Nanos kLeaveAfter = 100 * kMillisecond;

std::uint64_t load(const __u64& counter) { return __atomic_load_n(&counter, __ATOMIC_RELAXED); }

Result<BpfObject> open_object(bool links, std::size_t cpus) {
  std::size_t size = 0;
  const void* data =
      links ? netfilter_bpf__elf_bytes(&size) : netfilter_fexit_bpf__elf_bytes(&size);
  auto object = BpfObject::open("netfilter", {static_cast<const std::byte*>(data), size});
  if (!object) return object;
  if (auto s = object->set_max_entries("netfilter_stats",
                                       static_cast<std::uint32_t>(cpus * NP_NF_POINTS));
      !s)
    return std::unexpected(s.error());
  if (!links) {
    np_netfilter_config config{};
    config.netns = own_netns();
    if (config.netns == 0) return fail_errno("cannot look at the network namespace");
    if (auto s = object->set_rodata(config); !s) return std::unexpected(s.error());
  }
  if (auto s = object->load(); !s) return std::unexpected(s.error());
  return object;
}

}  // namespace

void HookCounters::Unlink::operator()(bpf_link* link) const { bpf_link__destroy(link); }

HookCounters::HookCounters(BpfObject object, MappedArray<np_netfilter_stats> stats,
                           std::size_t cpus)
    : object_(std::move(object)), stats_(std::move(stats)), cpus_(cpus) {
  for (std::size_t i = 0; i < stats_.size(); ++i) {
    const std::size_t point = i % NP_NF_POINTS;
    stats_[i].hook_point = static_cast<__u32>(point % NP_NF_HOOKS);
    stats_[i].family = point < NP_NF_HOOKS ? 4 : 6;
  }
}
HookCounters::HookCounters(HookCounters&&) noexcept = default;
HookCounters& HookCounters::operator=(HookCounters&&) noexcept = default;
HookCounters::~HookCounters() = default;

Result<HookCounters> HookCounters::make(const KernelFeatures& kernel) {
  const auto cpus = static_cast<std::size_t>(kernel.possible_cpus);
  const bool links = kernel.at_least(6, 4);
  auto object = open_object(links, cpus);
  if (!object) return std::unexpected(object.error());
  auto stats =
      MappedArray<np_netfilter_stats>::make(object->map_fd("netfilter_stats"), cpus * NP_NF_POINTS);
  if (!stats) return std::unexpected(stats.error());
  HookCounters made(std::move(*object), std::move(*stats), cpus);
  made.tracing_ = !links;
  made.rung_ = links ? "netfilter link" : "fexit";
  made.why_ = links ? "the kernel has BPF netfilter links"
                    : "kernel " + kernel.release + " has no BPF netfilter links (6.4)";
  return made;
}

void HookCounters::set_counting(std::size_t point, np_nf_counting counting) {
  for (std::size_t cpu = 0; cpu < cpus_; ++cpu)
    __atomic_store_n(&stats_[cpu * NP_NF_POINTS + point].counting, static_cast<__u32>(counting),
                     __ATOMIC_RELAXED);
}

Result<HookCounters::Link> HookCounters::link(const char* program, std::size_t family,
                                              std::size_t hook, std::int32_t priority,
                                              std::int32_t step) const {
  // Two BPF programs cannot share a priority; somebody else's may be there.
  int error = 0;
  for (int i = 0; i < kTries; ++i, priority += step) {
    LIBBPF_OPTS(bpf_netfilter_opts, options);
    options.pf = family == 0 ? NFPROTO_IPV4 : NFPROTO_IPV6;
    options.hooknum = static_cast<__u32>(hook);
    options.priority = priority;
    bpf_link* made = bpf_program__attach_netfilter(object_.program(program), &options);
    if (made != nullptr) return Link(made);
    error = errno;
    if (error != EBUSY && error != EEXIST) break;
  }
  return fail_errno("the kernel does not attach a netfilter program", error);
}

Status HookCounters::attach(Point& point, std::size_t family, std::size_t hook) {
  const bool before_defrag = point.first_priority <= kBehindDefrag;
  auto out = link("netprobe_nf_out", family, hook, kLast, -1);
  if (!out) return std::unexpected(out.error());
  auto in = link("netprobe_nf_in", family, hook, before_defrag ? kFirst : kBehindDefrag, 1);
  if (!in) return std::unexpected(in.error());
  point.in = std::move(*in);
  point.out = std::move(*out);
  return {};
}

Status HookCounters::attach_tracing() {
  std::array<Link, 2> made;
  for (std::size_t i = 0; i < 2; ++i) {
    // The way out first: what it alone sees was not counted in.
    made[i].reset(
        bpf_program__attach(object_.program(i == 0 ? "netprobe_nf_out" : "netprobe_nf_in")));
    if (!made[i]) return fail_errno("the kernel does not attach to nf_hook_slow()");
  }
  points_[0].out = std::move(made[0]);
  points_[0].in = std::move(made[1]);
  return {};
}

void HookCounters::apply(const HookWishes& wishes, Nanos now) {
  if (tracing_) {
    // One pair of programs sees all points.
    bool any = false;
    for (std::size_t i = 0; i < NP_NF_POINTS; ++i) {
      const HookWish& wish = wishes[i / NP_NF_HOOKS][i % NP_NF_HOOKS];
      points_[i].why = wish.why;
      any = any || wish.wanted;
    }
    if (any && !points_[0].in) {
      const auto done = attach_tracing();
      if (!done)
        for (Point& point : points_) point.why = done.error().message;
    } else if (!any) {
      points_[0].in.reset();
      points_[0].out.reset();
    }
    all_wanted_ = points_[0].in != nullptr;
    if (!all_wanted_) return;
    for (std::size_t i = 0; i < NP_NF_POINTS; ++i)
      if (!wishes[i / NP_NF_HOOKS][i % NP_NF_HOOKS].wanted)
        points_[i].why += "; the programs of this rung see all hook points";
    return;
  }
  for (std::size_t i = 0; i < NP_NF_POINTS; ++i) {
    const HookWish& wish = wishes[i / NP_NF_HOOKS][i % NP_NF_HOOKS];
    Point& point = points_[i];
    const bool moved = point.in && (point.first_priority <= kBehindDefrag) !=
                                       (wish.first_priority <= kBehindDefrag);
    if (point.in && (!wish.wanted || moved)) {
      point.why = wish.why;
      if (point.leaving_since == 0) {
        point.leaving_since = now;
        settle(i);
        set_counting(i, NP_NF_OUT_ONLY);
      } else if (now - point.leaving_since >= kLeaveAfter) {
        set_counting(i, NP_NF_OFF);
        point.in.reset();
        point.out.reset();
        point.leaving_since = 0;
      }
      if (point.in) continue;
    }
    point.why = wish.why;
    if (!wish.wanted) continue;
    if (point.in) {
      if (point.leaving_since != 0) {  // changed its mind
        point.leaving_since = 0;
        begin_counting(i);
      }
      continue;
    }
    point.first_priority = wish.first_priority;
    if (const auto done = attach(point, i / NP_NF_HOOKS, i % NP_NF_HOOKS); done)
      begin_counting(i);
    else
      point.why = done.error().message;
  }
}

std::int64_t HookCounters::difference(std::size_t point) const {
  std::uint64_t processed = 0;
  std::uint64_t passed = 0;
  // In this order: a packet that is between the two must not look lost.
  for (std::size_t cpu = 0; cpu < cpus_; ++cpu)
    processed += load(stats_[cpu * NP_NF_POINTS + point].packets_processed);
  for (std::size_t cpu = 0; cpu < cpus_; ++cpu)
    passed += load(stats_[cpu * NP_NF_POINTS + point].packets_passed);
  return static_cast<std::int64_t>(processed - passed);
}

void HookCounters::settle(std::size_t point) {
  Point& p = points_[point];
  const std::int64_t more = difference(point) - p.base;
  p.dropped =
      std::max(p.dropped, p.settled + static_cast<std::uint64_t>(std::max<std::int64_t>(more, 0)));
}

void HookCounters::begin_counting(std::size_t point) {
  // While it left, only what came out was counted.
  points_[point].settled = points_[point].dropped;
  points_[point].base = difference(point);
  set_counting(point, NP_NF_BOTH);
}

std::vector<NetfilterHook> HookCounters::read() {
  std::vector<NetfilterHook> result;
  for (std::size_t i = 0; i < NP_NF_POINTS; ++i) {
    Point& point = points_[i];
    NetfilterHook& hook = result.emplace_back();
    hook.family = i < NP_NF_HOOKS ? "ipv4" : "ipv6";
    hook.hook = kHookNames[i % NP_NF_HOOKS];
    hook.counted = tracing_ ? all_wanted_ : point.in != nullptr;
    hook.rung = hook.counted ? rung_ : "";
    hook.why = point.why;
    std::uint64_t told = 0;
    for (std::size_t cpu = 0; cpu < cpus_; ++cpu) {
      const np_netfilter_stats& stats = stats_[cpu * NP_NF_POINTS + i];
      hook.processed.packets += load(stats.packets_processed);
      hook.processed.bytes += load(stats.bytes_processed);
      if (tracing_) told += load(stats.packets_dropped);
    }
    if (tracing_) {
      hook.dropped = told;
      continue;
    }
    if (point.leaving_since == 0) settle(i);
    hook.dropped = point.dropped;
    // For whoever reads the map with bpftool.
    __atomic_store_n(&stats_[i].packets_dropped, point.dropped, __ATOMIC_RELAXED);
  }
  return result;
}

std::uint64_t HookCounters::points_counted() const {
  if (tracing_) return all_wanted_ ? NP_NF_POINTS : 0;
  return static_cast<std::uint64_t>(
      std::ranges::count_if(points_, [](const Point& p) { return p.in != nullptr; }));
}

}  // namespace netprobe
