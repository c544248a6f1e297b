// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "abi/flow_abi.h"
#include "model/flow_delta.h"

namespace netprobe {

/// A moment on both of the kernel's clocks.
struct ClockAnchor {
  std::uint64_t jiffies = 0;
  Nanos monotonic = 0;
  Nanos tick = 4 * kMillisecond;  ///< length of a jiffy

  /// The monotonic time of the low 32 bits of a jiffies count that is at most
  /// 2^31 ticks (three weeks at 1,000 Hz) away from the anchor.
  [[nodiscard]] Nanos at(std::uint32_t low_jiffies) const {
    const auto behind =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(jiffies) - low_jiffies);
    return monotonic - static_cast<Nanos>(behind) * tick;
  }
};

/// Identity and state of a kernel record, without its counters.
void decode_record(const np_flow_record& record, const ClockAnchor& clock, FlowDelta& delta);
[[nodiscard]] IcmpErrorEvent decode_icmp_error(const np_icmp_error& event);

}  // namespace netprobe
