// SPDX-License-Identifier: Apache-2.0
#include "probes/netfilter/ruleset_reader.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>

#include "probes/netfilter/kernel_presence.h"
#include "probes/netfilter/nfnetlink.h"

namespace netprobe {
namespace {

// A dump may cost two percent of a core.
constexpr Nanos kRest = 50;
// Filtered dumps of more chains than this cost more than one of everything.
constexpr std::size_t kMostCountedChains = 128;

nfnl::Request dump_request(int message, std::uint8_t family) {
  return {NFNL_SUBSYS_NFTABLES, static_cast<std::uint8_t>(message), NLM_F_DUMP, family};
}

bool is_ip(std::uint8_t family) {
  return family == NFPROTO_IPV4 || family == NFPROTO_IPV6 || family == NFPROTO_INET;
}

/// Hook points of legacy tables (net/ipv4/netfilter/iptable_*.c): bits of enum
/// nf_inet_hooks. Translation alone drops nothing.
unsigned hooks_of_legacy(std::string_view table) {
  constexpr unsigned kIn = 1U << NF_INET_LOCAL_IN;
  constexpr unsigned kForward = 1U << NF_INET_FORWARD;
  constexpr unsigned kOut = 1U << NF_INET_LOCAL_OUT;
  constexpr unsigned kPre = 1U << NF_INET_PRE_ROUTING;
  if (table == "filter" || table == "security") return kIn | kForward | kOut;
  if (table == "raw") return kPre | kOut;
  if (table == "mangle") return 0x1f;
  return 0;
}

}  // namespace

Status RulesetReader::read_generation(std::uint32_t& generation) {
  nfnl::Request request(NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN, 0, NFPROTO_UNSPEC);
  const auto done = nfnl::dump(request, [&](const nlmsghdr* message) {
    generation = parse_generation(message);
    return true;
  });
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<bool> RulesetReader::read_chains() {
  std::vector<ChainRecord> chains;
  std::uint64_t count = 0;
  auto request = dump_request(NFT_MSG_GETCHAIN, NFPROTO_UNSPEC);
  const auto done = nfnl::dump(request, [&](const nlmsghdr* message) {
    auto chain = parse_chain(message);
    if (!chain) return true;
    ++count;
    if (chain->hook >= 0 && is_ip(chain->family) && chains.size() < kMostRules)
      chains.push_back(std::move(*chain));
    return true;
  });
  if (!done) return std::unexpected(done.error());
  base_chains_ = std::move(chains);
  state_.chains = count;
  return !done->interrupted;
}

Result<bool> RulesetReader::read_rules() {
  std::vector<RuleRecord> kept;
  std::set<ChainKey> counted;
  std::uint64_t rules = 0;
  std::uint64_t drops = 0;
  std::uint64_t uncounted = 0;
  bool queues = false;
  auto request = dump_request(NFT_MSG_GETRULE, NFPROTO_UNSPEC);
  const auto done = nfnl::dump(request, [&](const nlmsghdr* message) {
    auto record = parse_rule(message);
    if (!record) return true;
    ++rules;
    queues = queues || record->queues;
    if (!record->drops) return true;
    ++drops;
    if (!record->rule.has_counter) ++uncounted;
    if (kept.size() >= kMostRules) return true;
    if (record->rule.has_counter) counted.insert({record->family, record->table, record->chain});
    kept.push_back(std::move(*record));
    return true;
  });
  if (!done) return std::unexpected(done.error());
  drop_rules_ = std::move(kept);
  counted_chains_ = std::move(counted);
  queues_ = queues;
  state_.rules = rules;
  state_.drop_rules = drops;
  state_.without_counter = uncounted;
  state_.not_kept = drops - drop_rules_.size();
  return !done->interrupted;
}

Status RulesetReader::read_structure() {
  const Nanos began = clock_.monotonic();
  const auto chains = read_chains();
  if (!chains) return std::unexpected(chains.error());
  const auto rules = read_rules();
  if (!rules) return std::unexpected(rules.error());
  const Nanos now = clock_.monotonic();
  next_structure_ = next_counters_ = now + (now - began) * kRest;
  state_.behind = !*chains || !*rules;  // they changed meanwhile: once more
  state_.structure_read_at = state_.counters_read_at = clock_.wall();
  read_once_ = true;
  return {};
}

Status RulesetReader::read_counters() {
  const Nanos began = clock_.monotonic();
  if (std::ranges::any_of(base_chains_, &ChainRecord::has_counters)) {
    if (const auto done = read_chains(); !done) return std::unexpected(done.error());
  }
  if (counted_chains_.size() > kMostCountedChains) {
    if (const auto done = read_rules(); !done) return std::unexpected(done.error());
  } else {
    for (const auto& [family, table, chain] : counted_chains_) {
      auto request = dump_request(NFT_MSG_GETRULE, family);
      request.text(NFTA_RULE_TABLE, table).text(NFTA_RULE_CHAIN, chain);
      const auto done = nfnl::dump(request, [&](const nlmsghdr* message) {
        const auto fresh = parse_rule(message);
        if (!fresh || !fresh->drops) return true;
        const auto old = std::ranges::find_if(drop_rules_, [&](const RuleRecord& r) {
          return r.rule.handle == fresh->rule.handle && r.family == fresh->family &&
                 r.table == fresh->table && r.chain == fresh->chain;
        });
        if (old != drop_rules_.end()) old->rule.counters = fresh->rule.counters;
        return true;
      });
      // A chain that is gone: the rules have changed, the next look tells.
      if (!done && done.error().code != ENOENT) return std::unexpected(done.error());
    }
  }
  const Nanos now = clock_.monotonic();
  next_counters_ = now + (now - began) * kRest;
  state_.counters_read_at = clock_.wall();
  return {};
}

void RulesetReader::give_up(const Error& error) {
  state_.available = false;
  state_.why = error.message;
  base_chains_.clear();
  drop_rules_.clear();
  counted_chains_.clear();
  read_once_ = false;
}

void RulesetReader::refresh() {
  // Modules come later than agents; what is built in is found at once.
  if (!module_.present()) {
    state_.why = "nf_tables is not loaded";
    find_uses();
    return;
  }
  const Nanos now = clock_.monotonic();
  std::uint32_t generation = 0;
  Status done = read_generation(generation);
  if (done && (!read_once_ || generation != state_.generation || state_.behind)) {
    state_.behind = true;
    if (now >= next_structure_) {
      done = read_structure();
      if (done) state_.generation = generation;
    }
  } else if (done && now >= next_counters_) {
    done = read_counters();
  }
  if (!done) {
    give_up(done.error());
  } else {
    state_.available = true;
    state_.why = state_.behind ? "rules change faster than they may be read" : "";
  }
  find_uses();
}

void RulesetReader::find_uses() {
  for (auto& family : uses_) family.fill({});
  const auto add = [&](std::size_t family, std::size_t hook, std::int32_t priority,
                       const std::string& who) {
    HookUse& use = uses_[family][hook];
    use.first = use.filters ? std::min(use.first, priority) : priority;
    if (!use.filters) use.who = who;
    use.filters = true;
  };
  for (const ChainRecord& chain : base_chains_) {
    // Chains of type nat see the first packet of a connection only, and
    // translate it; one that drops is found by its rules or policy.
    const bool drops = chain.drops || std::ranges::any_of(drop_rules_, [&](const RuleRecord& r) {
                         return r.family == chain.family && r.table == chain.table;
                       });
    if (chain.hook > NF_INET_POST_ROUTING || (chain.type == "nat" && !drops)) continue;
    const std::string who = family_name(chain.family) + " " + chain.table + " " + chain.name;
    const auto hook = static_cast<std::size_t>(chain.hook);
    if (chain.family != NFPROTO_IPV6) add(0, hook, chain.priority, who);
    if (chain.family != NFPROTO_IPV4) add(1, hook, chain.priority, who);
  }
  state_.legacy_tables.clear();
  for (const std::size_t family : {0U, 1U}) {
    for (const std::string& table : legacy_tables(family == 1)) {
      state_.legacy_tables.push_back((family == 1 ? "ip6 " : "ip ") + table);
      const unsigned hooks = hooks_of_legacy(table);
      for (std::size_t hook = 0; hook < 5; ++hook)
        if ((hooks >> hook & 1U) != 0) add(family, hook, -300, "legacy iptables " + table);
    }
  }
  if (!state_.legacy_tables.empty() && state_.why.empty())
    state_.why = "legacy iptables rules are not read";
}

std::vector<NetfilterRule> RulesetReader::rules() const {
  std::vector<NetfilterRule> result;
  result.reserve(drop_rules_.size());
  for (const RuleRecord& record : drop_rules_) result.push_back(record.rule);
  for (const ChainRecord& chain : base_chains_) {
    if (!chain.drops) continue;
    NetfilterRule policy;
    policy.family = family_name(chain.family);
    policy.table = chain.table;
    policy.chain = chain.name;
    policy.rule = "policy";
    policy.verdict = "drop";
    policy.has_counter = policy.counts_drops = chain.has_counters;
    policy.counters = chain.counters;
    result.push_back(std::move(policy));
  }
  return result;
}

}  // namespace netprobe
