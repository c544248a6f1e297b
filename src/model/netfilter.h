// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/flow.h"

namespace netprobe {

/// Which hook points are counted: where something can drop, all, or none.
enum class NetfilterHooks : std::uint8_t { kAuto, kAll, kOff };

/// One hook point of netfilter in this network namespace.
struct NetfilterHook {
  std::string family;         ///< "ipv4", "ipv6"
  std::string hook;           ///< "prerouting", "input", "forward", "output", "postrouting"
  bool counted = false;       ///< now; what was counted before stays in the sums
  Counters processed;         ///< that reached the hook; IP bytes
  std::uint64_t dropped = 0;  ///< packets that entered and did not come out
  /// Something at this hook takes packets out that are not lost (a queue to
  /// user space, IPVS): `dropped` is then an upper bound.
  bool dropped_is_bound = false;
  std::string rung;  ///< how it is counted
  std::string why;   ///< it is counted, or is not
};

/// A rule or a chain's policy that drops or rejects, as nf_tables tells.
struct NetfilterRule {
  std::string family;  ///< as nft calls it: "ip", "ip6", "inet", …
  std::string table;
  std::string chain;
  std::string rule;  ///< its comment, or its handle where there is none; "policy"
  std::uint64_t handle = 0;
  std::string verdict;  ///< "drop", "reject"
  bool has_counter = false;
  /// The counter counts what the verdict was for, and nothing else: no match
  /// stands between them.
  bool counts_drops = false;
  Counters counters;
};

/// What was read of the rules, and how well.
struct RulesetState {
  bool available = false;
  std::string why;  ///< it is not available, or not all of it
  std::uint32_t generation = 0;
  std::uint64_t chains = 0;
  std::uint64_t rules = 0;                 ///< of all tables
  std::uint64_t drop_rules = 0;            ///< of those that drop or reject
  std::uint64_t without_counter = 0;       ///< of the drop rules
  std::uint64_t not_kept = 0;              ///< drop rules beyond the bound
  Nanos structure_read_at = 0;             ///< wall
  Nanos counters_read_at = 0;              ///< wall
  bool behind = false;                     ///< rules have changed since they were read
  std::vector<std::string> legacy_tables;  ///< of iptables legacy: not read
};

/// A connection whose addresses are translated. `original` is what its first
/// packet said before, `translated` what it says after; both in the direction
/// of that packet.
struct NatMapping {
  FlowTuple original;
  FlowTuple translated;
  bool ended = false;
  Nanos wait = 0;  ///< how late others like it may come; 0: as they happen
};

/// The table of connections, and its limits.
struct ConntrackStats {
  bool available = false;
  std::string why;  ///< it is not
  std::uint64_t entries = 0;
  std::uint64_t limit = 0;
  std::uint64_t insert_failed = 0;
  std::uint64_t dropped = 0;        ///< packets: no room, or refused
  std::uint64_t early_dropped = 0;  ///< entries, to make room
  std::uint64_t nat_entries = 0;    ///< of those that are known here
  std::string nat_rung;             ///< how translations are heard of
};

struct NetfilterReport {
  std::vector<NetfilterHook> hooks;
  RulesetState ruleset;
  std::vector<NetfilterRule> rules;
  ConntrackStats conntrack;
};

}  // namespace netprobe
