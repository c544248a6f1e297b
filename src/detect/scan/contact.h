// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "model/history.h"

namespace netprobe {

/// How a probe is sent; nmap's names.
enum class ScanMethod : std::uint8_t { kSyn, kConnect, kFin, kNull, kXmas, kAck, kUdp, kPing };
inline constexpr std::size_t kScanMethods = 8;
/// "SYN", "connect", "FIN", "NULL", "Xmas", "ACK", "UDP", "ICMP echo".
[[nodiscard]] std::string_view to_string(ScanMethod method);

/// What became of an attempt to reach a port, as far as it is known.
enum class Outcome : std::uint8_t {
  kNothing,  ///< of no interest: neither an attempt nor an answer
  kPending,  ///< sent, no answer so far
  kFailed,   ///< refused, left half open, or such as no stack sends
  kEmpty,    ///< answered and ended without a word: also what a health check does
  kOpen,     ///< answered, and it may yet speak
  kGood,     ///< answered, and carried data
};

struct Contact {
  Outcome outcome = Outcome::kNothing;
  ScanMethod method = ScanMethod::kConnect;
};

/// What a record of a flow tells of it. Flags are all of the flow so far; a record tells
/// no more of a flow that was told to be good.
[[nodiscard]] Contact contact_of(const FlowRecord& record);

}  // namespace netprobe
