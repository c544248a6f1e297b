// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/udp_budget.h"

namespace netprobe {

UdpBudget::Step UdpBudget::step(Nanos now, std::uint64_t calls) {
  if (limit_ == 0) return Step::kNone;
  if (paused()) {
    if (now - paused_since_ < kPause) return Step::kNone;
    paused_since_ = 0;
    last_ = now;
    calls_ = calls;
    return Step::kResume;
  }
  if (last_ != 0 && now - last_ < kInterval) return Step::kNone;
  const Nanos passed = now - last_;
  const std::uint64_t more = calls - calls_;
  const bool first = last_ == 0;
  last_ = now;
  calls_ = calls;
  if (first || passed <= 0) return Step::kNone;
  const auto rate =
      static_cast<std::uint64_t>(static_cast<double>(more) * 1e9 / static_cast<double>(passed));
  if (rate <= limit_) return Step::kNone;
  rate_ = rate;
  paused_since_ = now;
  ++pauses_;
  return Step::kPause;
}

}  // namespace netprobe
