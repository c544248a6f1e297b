// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libmnl/libmnl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/netfilter.h"

/// Messages of nf_tables (include/uapi/linux/netfilter/nf_tables.h). Pure.
namespace netprobe {

/// A chain. `hook` is -1 where it is not a base chain.
struct ChainRecord {
  std::uint8_t family = 0;  ///< enum nfproto
  std::string table;
  std::string name;
  std::string type;  ///< "filter", "nat", "route"
  int hook = -1;     ///< enum nf_inet_hooks
  std::int32_t priority = 0;
  bool drops = false;  ///< its policy
  bool has_counters = false;
  Counters counters;  ///< that reached the policy
};

/// What matters here of a rule.
struct RuleRecord {
  std::uint8_t family = 0;
  bool queues = false;  ///< hands packets to user space
  bool drops = false;   ///< drops or rejects: then `rule` is filled in
  std::string table;
  std::string chain;
  NetfilterRule rule;
};

[[nodiscard]] std::optional<ChainRecord> parse_chain(const nlmsghdr* message);
[[nodiscard]] std::optional<RuleRecord> parse_rule(const nlmsghdr* message);
/// The number of the ruleset's last change.
[[nodiscard]] std::uint32_t parse_generation(const nlmsghdr* message);
/// "ip", "ip6", "inet", "arp", "bridge", "netdev", or the number.
[[nodiscard]] std::string family_name(std::uint8_t family);

}  // namespace netprobe
