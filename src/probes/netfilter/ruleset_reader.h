// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/netfilter.h"
#include "probes/netfilter/kernel_presence.h"
#include "probes/netfilter/ruleset_parse.h"

namespace netprobe {

/// What stands at one hook point of one family and can drop.
struct HookUse {
  bool filters = false;    ///< a chain or a legacy table that can drop
  std::int32_t first = 0;  ///< priority of the first of these chains
  std::string who;         ///< "inet filter input"
};

/// Reads nf_tables' rules of this network namespace: all of them when they
/// change, counters of those that drop when asked. Costs are bounded: after a
/// dump it waits fifty times as long as the dump took. One thread.
class RulesetReader {
 public:
  explicit RulesetReader(const Clock& clock) : clock_(clock) {}

  /// Brings what is known up to date as far as the budget lets.
  void refresh();

  [[nodiscard]] const RulesetState& state() const { return state_; }
  /// Rules that drop, then policies that do and are counted.
  [[nodiscard]] std::vector<NetfilterRule> rules() const;
  /// By family (0 IPv4, 1 IPv6) and hook (enum nf_inet_hooks).
  [[nodiscard]] const HookUse& use(std::size_t family, std::size_t hook) const {
    return uses_[family][hook];
  }
  [[nodiscard]] bool queues() const { return queues_; }

  static constexpr std::size_t kMostRules = 1024;  ///< that drop, kept at most

 private:
  using ChainKey = std::tuple<std::uint8_t, std::string, std::string>;  ///< family, table, chain

  [[nodiscard]] Status read_generation(std::uint32_t& generation);
  /// Both hand over whether they saw one state of the rules.
  [[nodiscard]] Result<bool> read_chains();
  [[nodiscard]] Result<bool> read_rules();
  [[nodiscard]] Status read_structure();
  [[nodiscard]] Status read_counters();
  void find_uses();
  void give_up(const Error& error);

  const Clock& clock_;
  RulesetState state_;
  ModulePresence module_{"nf_tables", "nf_tables_newrule"};
  std::vector<ChainRecord> base_chains_;
  std::vector<RuleRecord> drop_rules_;
  std::set<ChainKey> counted_chains_;  ///< that have drop rules with counters
  std::array<std::array<HookUse, 5>, 2> uses_;
  bool queues_ = false;
  bool read_once_ = false;
  Nanos next_structure_ = 0;  ///< monotonic
  Nanos next_counters_ = 0;
};

}  // namespace netprobe
