// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/flow.h"

namespace netprobe {

/// One hook point of netfilter in this network namespace.
struct NetfilterHook {
  std::string family;         ///< "ipv4", "ipv6"
  std::string hook;           ///< "prerouting", "input", "forward", "output", "postrouting"
  Counters processed;         ///< that reached the hook; IP bytes
  std::uint64_t dropped = 0;  ///< packets that entered and did not come out
  std::string rung;           ///< how it is counted
};

/// A rule that drops or rejects and counts, as nf_tables tells.
struct NetfilterRule {
  std::string family;
  std::string table;
  std::string chain;
  std::string rule;  ///< its text, or its handle where there is no text
  std::uint64_t handle = 0;
  std::string verdict;
  Counters counters;
};

/// A connection whose addresses are translated. `original` is what its first
/// packet said before, `translated` what it says after; both in the direction
/// of that packet.
struct NatMapping {
  FlowTuple original;
  FlowTuple translated;
  bool ended = false;
};

/// The table of connections, and its limits.
struct ConntrackStats {
  bool available = false;
  std::uint64_t entries = 0;
  std::uint64_t limit = 0;
  std::uint64_t insert_failed = 0;
  std::uint64_t dropped = 0;        ///< packets, the table being full
  std::uint64_t early_dropped = 0;  ///< entries, to make room
  std::uint64_t nat_entries = 0;    ///< of those that are known here
};

struct NetfilterReport {
  std::vector<NetfilterHook> hooks;
  std::vector<NetfilterRule> rules;
  ConntrackStats conntrack;
};

}  // namespace netprobe
