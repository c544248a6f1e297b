// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace netprobe {

/// Something that was not kept: exported as
/// netprobe_events_lost_total{stage,cause}.
struct LossCounter {
  std::string stage;
  std::string cause;
  std::uint64_t count = 0;
};

/// A loaded BPF program and what the kernel counted of it (0 where the
/// kernel does not count: see bpf_stats_enabled).
struct ProgramStats {
  std::string name;
  std::uint32_t id = 0;
  std::uint64_t runs = 0;
  Nanos run_time = 0;
};

enum class ProbeState : std::uint8_t { kOff, kOn, kFailed };
[[nodiscard]] std::string_view to_string(ProbeState state);

/// Health of one probe: what it does, by which rung of its ladder, and why.
struct ProbeStatus {
  std::string name;
  ProbeState state = ProbeState::kOff;
  std::string rung;
  std::string why;
  std::string kernel_need;
  std::vector<ProgramStats> programs;
  std::uint64_t events = 0;
  /// What the kernel's side met, by kind, also what it did not tell of.
  std::vector<std::pair<std::string, std::uint64_t>> seen{};
  std::vector<LossCounter> lost;
};

}  // namespace netprobe
