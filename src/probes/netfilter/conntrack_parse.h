// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libmnl/libmnl.h>

#include <cstdint>
#include <optional>

#include "model/netfilter.h"

/// Messages of ctnetlink (include/uapi/linux/netfilter/nfnetlink_conntrack.h).
/// Pure.
namespace netprobe {

/// The translation of an entry; nothing where it has none, or is of a protocol
/// that flows have no ports for. `ended` is set for a DELETE message.
[[nodiscard]] std::optional<NatMapping> parse_nat(const nlmsghdr* message);

/// Counters of one CPU, 32 bits each: they wrap.
struct ConntrackCpu {
  std::uint16_t cpu = 0;
  std::uint32_t insert_failed = 0;
  std::uint32_t drop = 0;
  std::uint32_t early_drop = 0;
};
[[nodiscard]] ConntrackCpu parse_conntrack_cpu(const nlmsghdr* message);

struct ConntrackFill {
  std::uint64_t entries = 0;
  std::uint64_t limit = 0;  ///< 0: not told (before 4.18)
};
[[nodiscard]] ConntrackFill parse_conntrack_fill(const nlmsghdr* message);

}  // namespace netprobe
