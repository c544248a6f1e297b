// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace netprobe {

/// How a connection stands or ended, as its users would say it. A socket knows
/// some of it, packets know some more: docs/connections.md says who tells what,
/// docs/verdicts.md what packets must show for each.
/// The values cross the kernel boundary (bpf/abi/socket_abi.h): append only.
enum class Verdict : std::uint8_t {
  kUnknown,        ///< nobody saw enough to say
  kConnecting,     ///< SYN sent, no answer yet
  kOpen,           ///< established, both directions open
  kHalfClosed,     ///< one side is done sending (FIN), the other is not
  kClosed,         ///< both sides were done, or one was and the other agreed
  kRefused,        ///< connect() was answered by a reset
  kNoAnswer,       ///< connect() was never answered
  kUnreachable,    ///< connect() was answered by an ICMP error, or had no way
  kAborted,        ///< given up locally: before it was established, or by an administrator
  kHalfOpen,       ///< the SYN was answered, the handshake never finished
  kResetByClient,  ///< of an established connection
  kResetByServer,
  kReset,            ///< by a side that is not known
  kTimedOut,         ///< established, then nothing was acknowledged any more
  kFailed,           ///< ended by another error: see its errno
  kIdle,             ///< ended because nothing moved for long, and no end was seen
  kAnswered,         ///< UDP: packets both ways
  kPortUnreachable,  ///< UDP: the only answer was ICMP port unreachable
  kNoLocalPort,      ///< connect() found no local port to go from
  kCount,
};
/// "closed", "reset_by_client", …: as the API and metrics show it. Static.
[[nodiscard]] std::string_view to_string(Verdict verdict);
/// The inverse; none for what is no verdict's name.
[[nodiscard]] std::optional<Verdict> parse_verdict(std::string_view name);
/// All names, in the order of the enum.
[[nodiscard]] const std::vector<std::string_view>& verdict_names();

}  // namespace netprobe
