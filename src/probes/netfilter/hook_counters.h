// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "abi/netfilter_abi.h"
#include "base/clock.h"
#include "base/result.h"
#include "bpf/kernel.h"
#include "bpf/mapped_array.h"
#include "bpf/object.h"
#include "model/netfilter.h"

struct bpf_link;

namespace netprobe {

/// Where counting is wanted, and why; where in the hook the first program
/// stands.
struct HookWish {
  bool wanted = false;
  std::string why;
  std::int32_t first_priority = 0;  ///< of what stands there besides
};
using HookWishes = std::array<std::array<HookWish, NP_NF_HOOKS>, 2>;  ///< IPv4, IPv6

/// Programs at netfilter's hook points and what they counted: BPF netfilter
/// links (6.4), else fentry and fexit of nf_hook_slow(). One thread.
class HookCounters {
 public:
  [[nodiscard]] static Result<HookCounters> make(const KernelFeatures& kernel);
  HookCounters(HookCounters&&) noexcept;
  HookCounters& operator=(HookCounters&&) noexcept;
  ~HookCounters();

  /// Attaches and detaches until what is wanted is there. Points that could
  /// not be had say so in `why` of read().
  void apply(const HookWishes& wishes, Nanos now);
  /// All ten points, IPv4 first.
  [[nodiscard]] std::vector<NetfilterHook> read();

  [[nodiscard]] const std::string& rung() const { return rung_; }
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] std::vector<ProgramStats> programs() const { return object_.program_stats(); }
  [[nodiscard]] std::uint64_t points_counted() const;

 private:
  struct Unlink {
    void operator()(bpf_link* link) const;
  };
  using Link = std::unique_ptr<bpf_link, Unlink>;
  struct Point {
    Link in;
    Link out;
    std::int32_t first_priority = 0;
    Nanos leaving_since = 0;  ///< 0: not leaving
    std::string why;
    std::uint64_t dropped = 0;  ///< as last shown: a counter never runs back
    std::uint64_t settled = 0;  ///< of these, before counting began last
    std::int64_t base = 0;      ///< the difference then
  };

  HookCounters(BpfObject object, MappedArray<np_netfilter_stats> stats, std::size_t cpus);
  [[nodiscard]] Status attach(Point& point, std::size_t family, std::size_t hook);
  [[nodiscard]] Result<Link> link(const char* program, std::size_t family, std::size_t hook,
                                  std::int32_t priority, std::int32_t step) const;
  [[nodiscard]] Status attach_tracing();
  void set_counting(std::size_t point, np_nf_counting counting);
  /// From here on in and out are counted alike; what was dropped before stays.
  void begin_counting(std::size_t point);
  /// Packets that went in less those that came out, over all times.
  [[nodiscard]] std::int64_t difference(std::size_t point) const;
  void settle(std::size_t point);

  BpfObject object_;
  MappedArray<np_netfilter_stats> stats_;
  std::size_t cpus_;
  std::array<Point, static_cast<std::size_t>(NP_NF_POINTS)> points_;
  std::string rung_;
  std::string why_;
  bool tracing_ = false;
  bool all_wanted_ = false;
};

}  // namespace netprobe
