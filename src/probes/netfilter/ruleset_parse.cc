// SPDX-License-Identifier: Apache-2.0
#include "probes/netfilter/ruleset_parse.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <algorithm>

#include "probes/netfilter/nfnetlink.h"

namespace netprobe {
namespace {

using netlink::for_each_nested;
using nfnl::be32_of;
using nfnl::be64_of;
using nfnl::text_of;

/// A rule's program is a list of expressions; a counter counts what comes to
/// it, a verdict ends the rule.
struct Expression {
  std::string_view name;
  const nlattr* data = nullptr;
};

Expression expression_of(const nlattr* element) {
  Expression result;
  for_each_nested(element, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) == NFTA_EXPR_NAME) result.name = text_of(a);
    if (mnl_attr_get_type(a) == NFTA_EXPR_DATA) result.data = a;
  });
  return result;
}

Counters counter_of(const nlattr* data) {
  Counters counters;
  for_each_nested(data, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) == NFTA_COUNTER_PACKETS) counters.packets = be64_of(a);
    if (mnl_attr_get_type(a) == NFTA_COUNTER_BYTES) counters.bytes = be64_of(a);
  });
  return counters;
}

/// The verdict that an immediate sets; nothing where it sets another register.
std::optional<std::uint32_t> verdict_of(const nlattr* data) {
  std::optional<std::uint32_t> code;
  std::uint32_t to = NFT_REG_VERDICT;
  for_each_nested(data, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) == NFTA_IMMEDIATE_DREG) to = be32_of(a);
    if (mnl_attr_get_type(a) != NFTA_IMMEDIATE_DATA) return;
    for_each_nested(a, [&](const nlattr* b) {
      if (mnl_attr_get_type(b) != NFTA_DATA_VERDICT) return;
      for_each_nested(b, [&](const nlattr* c) {
        if (mnl_attr_get_type(c) == NFTA_VERDICT_CODE) code = be32_of(c);
      });
    });
  });
  return to == NFT_REG_VERDICT ? code : std::nullopt;
}

std::string_view extension_name(const nlattr* data) {
  std::string_view name;
  static_assert(NFTA_TARGET_NAME == 1 && NFTA_MATCH_NAME == 1);
  for_each_nested(data, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) == NFTA_MATCH_NAME) name = text_of(a);
  });
  return name;
}

/// The text of iptables' "comment" match.
std::string_view extension_comment(const nlattr* data) {
  std::string_view text;
  for_each_nested(data, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) == NFTA_MATCH_INFO) text = text_of(a);
  });
  return text;
}

/// The comment that nft keeps with a rule: type, length, value. Type 0 is the
/// comment (libnftnl's udata.h).
std::string_view user_comment(const nlattr* attribute) {
  const auto* bytes = static_cast<const unsigned char*>(mnl_attr_get_payload(attribute));
  const std::size_t size = mnl_attr_get_payload_len(attribute);
  for (std::size_t at = 0; at + 2 <= size;) {
    const std::size_t length = bytes[at + 1];
    if (at + 2 + length > size) break;
    if (bytes[at] == 0) {
      const auto* text = reinterpret_cast<const char*>(bytes + at + 2);
      return {text, ::strnlen(text, length)};
    }
    at += 2 + length;
  }
  return {};
}

/// Expressions that neither match nor end: a counter before them still counts
/// what the verdict behind them is for.
bool is_neutral(const Expression& expression) {
  if (expression.name == "log" || expression.name == "notrack") return true;
  if (expression.data == nullptr) return false;
  if (expression.name == "match") return extension_name(expression.data) == "comment";
  if (expression.name == "target") {
    const auto name = extension_name(expression.data);
    return name == "LOG" || name == "NFLOG";
  }
  return false;
}

class RuleReader {
 public:
  explicit RuleReader(RuleRecord& record) : record_(record) {}

  void take(const Expression& e) {
    NetfilterRule& rule = record_.rule;
    if (e.name == "counter" && e.data != nullptr) {
      rule.has_counter = true;
      rule.counters = counter_of(e.data);
      exact_ = true;
      return;
    }
    if (e.name == "match" && e.data != nullptr && rule.rule.empty() &&
        extension_name(e.data) == "comment")
      rule.rule = extension_comment(e.data);
    if (e.name == "queue") record_.queues = true;
    if (e.name == "immediate" && e.data != nullptr) {
      if (const auto code = verdict_of(e.data); code) {
        if ((*code & NF_VERDICT_MASK) == NF_QUEUE && *code < 0x80000000U) record_.queues = true;
        if (*code == NF_DROP) end("drop");
        return;
      }
    }
    if (e.name == "reject") return end("reject");
    if (e.name == "target" && e.data != nullptr) {
      const auto name = extension_name(e.data);
      if (name == "REJECT") return end("reject");
      if (name == "DROP") return end("drop");
      if (name == "NFQUEUE") record_.queues = true;
    }
    if (!is_neutral(e)) exact_ = false;
  }

 private:
  void end(std::string_view verdict) {
    record_.drops = true;
    record_.rule.verdict = verdict;
    record_.rule.counts_drops = record_.rule.has_counter && exact_;
  }

  RuleRecord& record_;
  bool exact_ = false;  ///< since the last counter nothing has matched
};

constexpr std::size_t kMostText = 256;
std::string bounded(std::string_view text) { return std::string(text.substr(0, kMostText)); }

}  // namespace

std::string family_name(std::uint8_t family) {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    case NFPROTO_ARP:
      return "arp";
    case NFPROTO_BRIDGE:
      return "bridge";
    case NFPROTO_NETDEV:
      return "netdev";
    default:
      return std::to_string(family);
  }
}

std::optional<ChainRecord> parse_chain(const nlmsghdr* message) {
  ChainRecord chain;
  chain.family = nfnl::family_of(message);
  nfnl::for_each_attribute(message, [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case NFTA_CHAIN_TABLE:
        chain.table = bounded(text_of(a));
        break;
      case NFTA_CHAIN_NAME:
        chain.name = bounded(text_of(a));
        break;
      case NFTA_CHAIN_TYPE:
        chain.type = bounded(text_of(a));
        break;
      case NFTA_CHAIN_POLICY:
        chain.drops = be32_of(a) == NF_DROP;
        break;
      case NFTA_CHAIN_COUNTERS:
        chain.has_counters = true;
        chain.counters = counter_of(a);
        break;
      case NFTA_CHAIN_HOOK:
        for_each_nested(a, [&](const nlattr* b) {
          if (mnl_attr_get_type(b) == NFTA_HOOK_HOOKNUM)
            chain.hook = static_cast<int>(std::min(be32_of(b), 0xffU));
          if (mnl_attr_get_type(b) == NFTA_HOOK_PRIORITY)
            chain.priority = static_cast<std::int32_t>(be32_of(b));
        });
        break;
      default:
        break;
    }
  });
  if (chain.table.empty() || chain.name.empty()) return std::nullopt;
  return chain;
}

std::optional<RuleRecord> parse_rule(const nlmsghdr* message) {
  RuleRecord record;
  record.family = nfnl::family_of(message);
  NetfilterRule& rule = record.rule;
  std::string_view comment;
  nfnl::for_each_attribute(message, [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case NFTA_RULE_TABLE:
        record.table = bounded(text_of(a));
        break;
      case NFTA_RULE_CHAIN:
        record.chain = bounded(text_of(a));
        break;
      case NFTA_RULE_HANDLE:
        rule.handle = be64_of(a);
        break;
      case NFTA_RULE_USERDATA:
        comment = user_comment(a);
        break;
      case NFTA_RULE_EXPRESSIONS: {
        RuleReader reader(record);
        for_each_nested(a, [&](const nlattr* b) { reader.take(expression_of(b)); });
        break;
      }
      default:
        break;
    }
  });
  if (record.table.empty() || record.chain.empty()) return std::nullopt;
  if (!record.drops) return record;
  rule.family = family_name(record.family);
  rule.table = record.table;
  rule.chain = record.chain;
  if (!comment.empty()) rule.rule = comment;
  if (rule.rule.empty()) rule.rule = "handle " + std::to_string(rule.handle);
  rule.rule = bounded(rule.rule);
  return record;
}

std::uint32_t parse_generation(const nlmsghdr* message) {
  std::uint32_t generation = 0;
  nfnl::for_each_attribute(message, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) == NFTA_GEN_ID) generation = be32_of(a);
  });
  return generation;
}

}  // namespace netprobe
