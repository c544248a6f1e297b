// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/drop_records.h"

#include <gtest/gtest.h>

#include <numeric>

namespace netprobe {
namespace {

DropRecords records_of(std::size_t most) {
  return {most,
          [](std::uint32_t reason, std::uint64_t location) {
            return DropPlace{"R" + std::to_string(reason), "ip", "f+" + std::to_string(location),
                             location == 666};
          },
          [](std::int32_t) { return std::vector<std::string>(); }};
}

np_drop_tunnel_key key_of(std::uint32_t reason, std::uint16_t port) {
  np_drop_tunnel_key key{};
  key.outer.reason = reason;
  key.outer.tuple.src_port = port;
  key.outer.tuple.flags = NP_DROP_IP | NP_DROP_PORTS;
  key.outer.stack_id = -1;
  return key;
}

np_drop_value value_of(std::uint64_t packets, std::uint64_t at) {
  np_drop_value value{};
  value.packets = packets;
  value.bytes = packets * 100;
  value.first_ns = value.last_ns = at;
  return value;
}

std::uint64_t total_of(const DropReport& report) {
  return std::accumulate(report.totals.begin(), report.totals.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& each) { return sum + each.second; });
}

TEST(DropRecords, AddsUpWhatIsAlike) {
  DropRecords records = records_of(100);
  records.add(key_of(1, 7), value_of(2, 10), 1000);
  records.add(key_of(1, 7), value_of(3, 20), 1000);
  records.add(key_of(2, 7), value_of(9, 30), 1000);
  DropReport report;
  records.report(report);
  ASSERT_EQ(report.records.size(), 2U);
  EXPECT_EQ(report.records[0].count, 9U);  // most first
  EXPECT_EQ(report.records[1].count, 5U);
  EXPECT_EQ(report.records[1].bytes, 500U);
  EXPECT_EQ(report.records[1].first_seen, 1010);
  EXPECT_EQ(report.records[1].last_seen, 1020);
  EXPECT_EQ(total_of(report), 14U);
}

TEST(DropRecords, StaysBoundedAndItsSumsExact) {
  DropRecords records = records_of(100);
  records.add(key_of(1, 1), value_of(1, 1), 0);  // seldom, at a place of its own
  for (unsigned i = 0; i < 10'000; ++i)
    records.add(key_of(2, static_cast<std::uint16_t>(i)), value_of(2, i), 0);
  EXPECT_LE(records.size(), 113U);
  DropReport report;
  records.report(report);
  EXPECT_EQ(total_of(report), 20'001U);
  std::uint64_t kept = 0;
  bool seldom = false;
  for (const DropRecord& record : report.records) {
    kept += record.count;
    seldom = seldom || record.reason == "R1";
  }
  EXPECT_EQ(kept + report.folded, 20'001U);
  EXPECT_TRUE(seldom) << "a flood elsewhere pushed it out";
}

TEST(DropRecords, CountsWhatHasNoFlow) {
  DropRecords records = records_of(100);
  records.add_unattributed({.location = 5, .reason = 3, .reserved0 = 0},
                           {.packets = 7, .bytes = 70}, 99);
  records.add({.outer = {.location = 666, .reason = 3}}, value_of(1, 1), 0);  // a test run's
  DropReport report;
  records.report(report);
  EXPECT_EQ(report.unattributed, 7U);
  EXPECT_EQ(total_of(report), 7U);
  ASSERT_EQ(report.records.size(), 1U);
  EXPECT_FALSE(report.records[0].has_tuple);
}

TEST(DropRecords, TellsApartWhatIsInsideOneTunnel) {
  DropRecords records = records_of(100);
  np_drop_tunnel_key key = key_of(1, 7);
  records.add(key, value_of(1, 1), 0);  // of this one nobody knows
  key.tunnel = NP_TUNNEL_VXLAN;
  key.vni = 42;
  key.inner.flags = NP_DROP_IP | NP_DROP_PORTS | NP_DROP_VNI;
  key.inner.proto = 6;
  for (std::uint16_t port = 1; port <= 3; ++port) {
    key.inner.dst_port = port;
    records.add(key, value_of(port + 1, 1), 0);
    records.add(key, value_of(port + 1, 2), 0);
  }
  key.tunnel = NP_TUNNEL_GRE;
  key.vni = 0;
  key.inner.flags = NP_DROP_IP | NP_DROP_PORTS;
  records.add(key, value_of(2, 1), 0);
  DropReport report;
  records.report(report);
  ASSERT_EQ(report.records.size(), 5U);
  EXPECT_EQ(total_of(report), 21U);
  EXPECT_EQ(report.records[0].count, 8U);
  EXPECT_EQ(report.records[0].tuple.src_port, 7U);
  ASSERT_TRUE(report.records[0].inside);
  EXPECT_EQ(report.records[0].inside->tuple.dst_port, 3U);
  EXPECT_EQ(report.records[0].inside->tunnel, Tunnel::kVxlan);
  EXPECT_EQ(report.records[0].inside->vni, 42U);
  EXPECT_EQ(report.records[3].inside->tunnel, Tunnel::kGre);
  EXPECT_FALSE(report.records[3].inside->vni);
  EXPECT_FALSE(report.records[4].inside);
}

TEST(DropRecords, NamesAnInterfaceThatOnlyItsNumberIsKnownOf) {
  DropRecords records = records_of(100);
  np_drop_tunnel_key key = key_of(1, 1);
  key.outer.ifindex = 4;
  key.outer.netns = 77;
  records.add(key, value_of(1, 1), 0);
  records.name_interface(77, 4, "eth4");
  DropReport report;
  records.report(report);
  EXPECT_EQ(report.records.at(0).interface, "eth4");
}

}  // namespace
}  // namespace netprobe
