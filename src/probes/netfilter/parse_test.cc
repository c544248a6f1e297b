// SPDX-License-Identifier: Apache-2.0
// Messages as the kernel writes them: taken from a 6.18 kernel, the fuzz
// target's seeds, and built by hand where a case is not among them.
#include <gtest/gtest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <endian.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "probes/netfilter/conntrack_parse.h"
#include "probes/netfilter/nfnetlink.h"
#include "probes/netfilter/ruleset_parse.h"

namespace netprobe {
namespace {

template <typename T>
std::vector<T> parsed(const std::string& seed, std::optional<T> (*parse)(const nlmsghdr*)) {
  std::ifstream in(std::string(NETPROBE_CORPUS) + "/" + seed, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_FALSE(text.empty()) << seed;
  std::vector<std::uint64_t> buffer(text.size() / 8 + 1);
  std::copy(text.begin(), text.end(), reinterpret_cast<char*>(buffer.data()));
  std::vector<T> all;
  nfnl::for_each_message(buffer.data(), text.size(), [&](const nlmsghdr* message) {
    if (message->nlmsg_type < NLMSG_MIN_TYPE) return;
    if (auto one = parse(message)) all.push_back(std::move(*one));
  });
  return all;
}

TEST(RulesetParse, Chains) {
  const auto chains = parsed<ChainRecord>("chains", parse_chain);
  ASSERT_EQ(chains.size(), 4U);
  const auto input = std::ranges::find(chains, "inp", &ChainRecord::name);
  ASSERT_NE(input, chains.end());
  EXPECT_EQ(input->table, "f");
  EXPECT_EQ(family_name(input->family), "inet");
  EXPECT_EQ(input->type, "filter");
  EXPECT_EQ(input->hook, NF_INET_LOCAL_IN);
  EXPECT_EQ(input->priority, 0);
  EXPECT_TRUE(input->drops);
  const auto sub = std::ranges::find(chains, "sub", &ChainRecord::name);
  ASSERT_NE(sub, chains.end());
  EXPECT_EQ(sub->hook, -1);
  const auto nat = std::ranges::find(chains, "nat", &ChainRecord::table);
  ASSERT_NE(nat, chains.end());
  EXPECT_EQ(nat->type, "nat");
  EXPECT_EQ(nat->priority, -100);
}

TEST(RulesetParse, RulesThatDrop) {
  const auto all = parsed<RuleRecord>("rules", parse_rule);
  ASSERT_EQ(all.size(), 7U);
  std::vector<NetfilterRule> drops;
  for (const RuleRecord& record : all)
    if (record.drops) drops.push_back(record.rule);
  ASSERT_EQ(drops.size(), 2U);
  EXPECT_EQ(drops[0].rule, "seven");
  EXPECT_EQ(drops[0].verdict, "drop");
  EXPECT_EQ(drops[0].chain, "inp");
  EXPECT_TRUE(drops[0].has_counter);
  EXPECT_TRUE(drops[0].counts_drops);  // a log stands between; it matches nothing
  EXPECT_EQ(drops[1].verdict, "reject");
  EXPECT_EQ(drops[1].rule, "handle " + std::to_string(drops[1].handle));
  EXPECT_TRUE(drops[1].has_counter);
  EXPECT_FALSE(drops[1].counts_drops);  // a match stands between
}

TEST(ConntrackParse, Translations) {
  const auto all = parsed<NatMapping>("conntrack", parse_nat);
  ASSERT_EQ(all.size(), 2U);  // the ping is not translated
  std::map<int, NatMapping> by;
  for (const NatMapping& m : all)
    by[m.original.protocol * 10 + (m.original.src.is_v4() ? 4 : 6)] = m;
  const NatMapping& v4 = by[kProtoUdp * 10 + 4];
  EXPECT_EQ(v4.original.dst.to_string(), "10.96.0.1");
  EXPECT_EQ(v4.original.dst_port, 53);
  EXPECT_EQ(v4.translated.dst.to_string(), "10.9.9.9");
  EXPECT_EQ(v4.translated.dst_port, 5353);
  EXPECT_EQ(v4.original.src_port, v4.translated.src_port);
  EXPECT_EQ(by[kProtoUdp * 10 + 6].translated.dst.to_string(), "fd09::9");
  EXPECT_FALSE(v4.ended);
}

TEST(ConntrackParse, Sums) {
  const auto fill = parsed<ConntrackFill>(
      "conntrack_fill",
      [](const nlmsghdr* m) -> std::optional<ConntrackFill> { return parse_conntrack_fill(m); });
  ASSERT_EQ(fill.size(), 1U);
  EXPECT_GE(fill[0].entries, 2U);
  EXPECT_GT(fill[0].limit, 0U);
  const auto cpus = parsed<ConntrackCpu>(
      "conntrack_cpus",
      [](const nlmsghdr* m) -> std::optional<ConntrackCpu> { return parse_conntrack_cpu(m); });
  ASSERT_EQ(cpus.size(), 2U);
  EXPECT_NE(cpus[0].cpu, cpus[1].cpu);
}

/// A conntrack message of an ICMP query whose identifier is translated.
struct IcmpEntry {
  explicit IcmpEntry(std::uint8_t type, std::uint32_t status) {
    header = mnl_nlmsg_put_header(bytes);
    header->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type);
    auto* own = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
    own->nfgen_family = NFPROTO_IPV4;
    put_tuple(CTA_TUPLE_ORIG, 0x0a000009, 0xc0000201, 7);
    put_tuple(CTA_TUPLE_REPLY, 0xc0000201, 0xc0000207, 4711);
    mnl_attr_put_u32(header, CTA_STATUS, htobe32(status));
  }
  void put_tuple(std::uint16_t which, std::uint32_t src, std::uint32_t dst, std::uint16_t id) {
    nlattr* tuple = mnl_attr_nest_start(header, which);
    nlattr* ip = mnl_attr_nest_start(header, CTA_TUPLE_IP);
    mnl_attr_put_u32(header, CTA_IP_V4_SRC, htobe32(src));
    mnl_attr_put_u32(header, CTA_IP_V4_DST, htobe32(dst));
    mnl_attr_nest_end(header, ip);
    nlattr* protocol = mnl_attr_nest_start(header, CTA_TUPLE_PROTO);
    mnl_attr_put_u8(header, CTA_PROTO_NUM, kProtoIcmp);
    mnl_attr_put_u16(header, CTA_PROTO_ICMP_ID, htobe16(id));
    mnl_attr_nest_end(header, protocol);
    mnl_attr_nest_end(header, tuple);
  }
  alignas(8) char bytes[512]{};
  nlmsghdr* header;
};

TEST(ConntrackParse, IcmpQueriesHaveTheirIdentifierInBothPorts) {
  const auto mapping = parse_nat(IcmpEntry(IPCTNL_MSG_CT_DELETE, IPS_SRC_NAT).header);
  ASSERT_TRUE(mapping);
  EXPECT_TRUE(mapping->ended);
  EXPECT_EQ(mapping->original.src_port, 7);
  EXPECT_EQ(mapping->original.dst_port, 7);
  EXPECT_EQ(mapping->translated.src.to_string(), "192.0.2.7");
  EXPECT_EQ(mapping->translated.dst.to_string(), "192.0.2.1");
  EXPECT_EQ(mapping->translated.src_port, 4711);
}

TEST(ConntrackParse, WhatIsNotTranslatedIsNothing) {
  EXPECT_FALSE(parse_nat(IcmpEntry(IPCTNL_MSG_CT_NEW, IPS_CONFIRMED).header));
}

TEST(ConntrackParse, CutMessagesAreHarmless) {
  IcmpEntry entry(IPCTNL_MSG_CT_NEW, IPS_SRC_NAT);
  const auto whole = entry.header->nlmsg_len;
  // Messages are padded to four bytes.
  for (std::uint32_t length = MNL_NLMSG_HDRLEN; length < whole; length += 4) {
    entry.header->nlmsg_len = length;
    EXPECT_FALSE(parse_nat(entry.header)) << length;
  }
}

}  // namespace
}  // namespace netprobe
