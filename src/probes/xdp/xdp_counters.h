// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "abi/xdp_abi.h"
#include "base/result.h"
#include "bpf/mapped_array.h"
#include "probes/xdp/xdp_programs.h"

namespace netprobe {

/// What one interface counted, over all CPUs.
struct XdpCounters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t dropped = 0;
  /// By name: ipv4 + ipv6 + non_ip + malformed (+ busy, on PREEMPT_RT) are all
  /// packets; the others are more about them.
  std::vector<std::pair<std::string, std::uint64_t>> classes;
};

/// Slots of xdp_stats. One thread.
class XdpCounterTable {
 public:
  [[nodiscard]] static Result<XdpCounterTable> make(const XdpPrograms& programs);
  /// Before the program is attached there. An error: no slot is free near it.
  [[nodiscard]] Status claim(std::uint32_t ifindex);
  /// Only after no program can run for it any more.
  void release(std::uint32_t ifindex);
  [[nodiscard]] XdpCounters read(std::uint32_t ifindex) const;

 private:
  XdpCounterTable(MappedArray<np_xdp_stats> stats, std::uint32_t cpus)
      : stats_(std::move(stats)), cpus_(cpus) {}
  MappedArray<np_xdp_stats> stats_;
  std::uint32_t cpus_;
  std::map<std::uint32_t, std::uint32_t> slots_;
};

}  // namespace netprobe
