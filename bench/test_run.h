// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "model/flow_delta.h"
#include "probes/flow/flow_programs.h"

namespace netprobe::bench {

/// Takes everything and does nothing: what is measured is the reader alone.
struct NullSink final : FlowSink {
  void on_flow(const FlowDelta&, FlowHandle&) override {}
  void on_icmp_error(const IcmpErrorEvent&) override {}
};

/// Test runs see the loopback device.
inline constexpr std::uint32_t kTestRunIfindex = 1;

/// The calling thread runs on this CPU from now on.
void pin_to_cpu(int cpu);

/// Loads program.bpf.c with the flow program's maps. Exits where that fails.
[[nodiscard]] FlowPrograms load_bench_programs(const FlowProgramOptions& options,
                                               const KernelFeatures& kernel);

/// From now on the rotating packet belongs to this many flows in turn.
[[nodiscard]] bool rotate(const FlowPrograms& programs, std::uint32_t flows);

/// Runs a program `repeat` times on the rotating packet; nanoseconds a run.
/// Exits where the kernel refuses.
double test_run(int program, int repeat);
/// The same on this frame.
double test_run(int program, std::span<const std::uint8_t> frame, int repeat);

}  // namespace netprobe::bench
