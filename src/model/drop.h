// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/flow.h"

namespace netprobe {

/// What was in a tunnel's packet: the first IP header behind the outer one.
struct DropInside {
  FlowTuple tuple;
  Tunnel tunnel = Tunnel::kNone;     ///< around it
  std::optional<std::uint32_t> vni;  ///< or GRE's key, where it has one
  bool operator==(const DropInside&) const = default;
};

/// Packets that the kernel dropped for one reason, at one place, of one flow.
struct DropRecord {
  FlowTuple tuple;  ///< as the outermost header said it; unset where it is no IP packet
  bool has_tuple = false;
  std::optional<DropInside> inside;  ///< none, or not known
  std::uint16_t ethertype = 0;       ///< 0x0800, 0x86dd, 0x0806 …; 0 not known
  std::string reason;         ///< the kernel's name without SKB_DROP_REASON_, or "NOT_SPECIFIED"
  std::string hook;           ///< layer: device, netfilter, ip, tcp, udp, socket, qdisc, …
  std::string location;       ///< symbol+offset of the code that dropped; empty if unknown
  std::uint32_t ifindex = 0;  ///< of skb->dev; 0 without
  std::string interface;      ///< its name; empty without
  std::uint64_t netns = 0;    ///< inode of the device's network namespace; 0 not known
  std::uint64_t count = 0;    ///< packets; a super-packet counts as its segments
  std::uint64_t bytes = 0;    ///< IP bytes as far as known
  Nanos first_seen = 0;       ///< wall
  Nanos last_seen = 0;
  std::vector<std::string> stack;  ///< where asked for: newest frame first
};

/// What the drop probe knows.
struct DropReport {
  std::vector<DropRecord> records;  ///< most first
  /// Sums since the start, also of what records no longer hold.
  std::vector<std::pair<std::pair<std::string, std::string>, std::uint64_t>>
      totals;                      ///< {reason, hook} to packets
  std::uint64_t unattributed = 0;  ///< packets without their flow: the kernel's table was full
  std::uint64_t folded = 0;        ///< packets of records that made room for others
};

}  // namespace netprobe
