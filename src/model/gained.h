// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>

#include "model/flow.h"
#include "model/quality.h"

namespace netprobe {

/// What there is more of now than there was before. A nearer point of a flow that
/// turned up late may have counted less than the one before it, and two flows that
/// are one were told as two: that is no gain, and nothing is taken back.
template <std::integral Number>
[[nodiscard]] constexpr Number gained(Number now, Number before) {
  return now > before ? now - before : 0;
}

[[nodiscard]] inline Counters gained(const Counters& now, const Counters& before) {
  return {gained(now.packets, before.packets), gained(now.bytes, before.bytes)};
}

[[nodiscard]] inline TcpTrouble gained(const TcpTrouble& now, const TcpTrouble& before) {
  return {.retransmits = gained(now.retransmits, before.retransmits),
          .out_of_order = gained(now.out_of_order, before.out_of_order),
          .zero_windows = gained(now.zero_windows, before.zero_windows),
          .resets = gained(now.resets, before.resets)};
}

}  // namespace netprobe
