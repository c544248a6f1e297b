// SPDX-License-Identifier: Apache-2.0
#include "probes/vxlan/tunnel_table.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

const IpAddress kA = IpAddress::v4(0xc0000201);
const IpAddress kB = IpAddress::v4(0xc0000202);

TunnelRow row(std::uint64_t packets, Direction direction, std::uint32_t ifindex, Nanos last,
              std::uint32_t vni = 42) {
  const bool in = direction == Direction::kIngress;
  return {.key = {Tunnel::kVxlan, vni, in ? kB : kA, in ? kA : kB, direction, ifindex},
          .counters = {packets, packets * 100},
          .last_seen = last};
}

InterfaceMap links() {
  InterfaceMap map;
  map[2] = {.ifindex = 2, .name = "eth0"};
  map[3] = {.ifindex = 3, .name = "eth1", .master = 4};
  map[4] = {.ifindex = 4, .name = "br0"};
  map[5] = {.ifindex = 5, .name = "eth0.7", .lower = 2};
  return map;
}

TunnelReport report_of(const TunnelTable& table, Nanos now) {
  TunnelReport report;
  table.report(report, links(), now, 1000 * kSecond);
  return report;
}

std::uint64_t total(const TunnelReport& report) {
  std::uint64_t packets = 0;
  for (const auto& one : report.totals) packets += one.counters.packets;
  return packets;
}

TEST(TunnelTable, BothDirectionsAreOneTunnel) {
  TunnelTable table;
  table.update({row(3, Direction::kIngress, 2, kSecond), row(5, Direction::kEgress, 2, kSecond),
                row(1, Direction::kEgress, 2, kSecond, 43)},
               links());
  const auto report = report_of(table, 2 * kSecond);
  EXPECT_EQ(report.new_tunnels, 2U);
  EXPECT_EQ(report.active, 2U);
  ASSERT_EQ(report.traffic.size(), 3U);
  EXPECT_EQ(report.traffic[0].interface, "eth0");
  EXPECT_EQ(report.traffic[0].last_seen, 1001 * kSecond);
  EXPECT_EQ(report.totals.size(), 3U);
  EXPECT_EQ(report_of(table, 90 * kSecond).active, 0U);
}

TEST(TunnelTable, AddsUpWhatIsMore) {
  TunnelTable table;
  for (const std::uint64_t packets : {3U, 3U, 10U})
    table.update({row(packets, Direction::kIngress, 2, kSecond)}, links());
  EXPECT_EQ(total(report_of(table, kSecond)), 10U);
  EXPECT_EQ(report_of(table, kSecond).new_tunnels, 1U);
}

TEST(TunnelTable, WhatAnInterfaceAboveCountsIsOnceInTheTotals) {
  TunnelTable table;
  table.update({row(7, Direction::kIngress, 3, kSecond), row(7, Direction::kIngress, 4, kSecond),
                row(5, Direction::kEgress, 2, kSecond), row(5, Direction::kEgress, 5, kSecond)},
               links());
  const auto report = report_of(table, kSecond);
  EXPECT_EQ(report.traffic.size(), 4U);
  EXPECT_EQ(total(report), 12U);
  for (const auto& one : report.traffic)
    EXPECT_EQ(one.counted_above, one.ifindex == 3 || one.ifindex == 2) << one.interface;
}

TEST(TunnelTable, TheSameTunnelOverTwoUplinksIsTheSum) {
  TunnelTable table;
  table.update({row(7, Direction::kEgress, 2, kSecond), row(8, Direction::kEgress, 3, kSecond)},
               links());
  EXPECT_EQ(total(report_of(table, kSecond)), 15U);
  EXPECT_EQ(report_of(table, kSecond).active, 1U);
}

TEST(TunnelTable, RowsLeaveOnlyWhenThereIsNeed) {
  TunnelTable table;
  std::vector<TunnelRow> rows;
  for (std::uint32_t vni = 0; vni < 10; ++vni)
    rows.push_back(row(1, Direction::kEgress, 2, vni * 120 * kSecond, vni));
  const Nanos now = 1200 * kSecond;
  table.update(rows, links());
  EXPECT_TRUE(table.stale(100, now).empty());
  const auto half = table.stale(20, now);
  ASSERT_EQ(half.size(), 5U);
  EXPECT_EQ(half[0].vni, 0U) << "quiet for longest first";
  EXPECT_EQ(table.stale(10, now).size(), 10U);
}

TEST(TunnelTable, TotalsStayWhenARowLeavesAndGoOnWhenItIsBack) {
  TunnelTable table;
  table.update({row(5, Direction::kEgress, 2, kSecond)}, links());
  table.removed(row(6, Direction::kEgress, 2, kSecond), links());  // one came meanwhile
  EXPECT_EQ(total(report_of(table, kSecond)), 6U);
  EXPECT_TRUE(report_of(table, kSecond).traffic.empty());
  table.update({row(2, Direction::kEgress, 2, 2 * kSecond)}, links());
  EXPECT_EQ(total(report_of(table, 2 * kSecond)), 8U);
}

}  // namespace
}  // namespace netprobe
