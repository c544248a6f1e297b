// SPDX-License-Identifier: Apache-2.0
#include "model/drop_growth.h"

#include <gtest/gtest.h>

#include <vector>

namespace netprobe {
namespace {

DropRecord record(std::uint16_t port, std::uint64_t count, std::string reason = "NO_SOCKET") {
  DropRecord record;
  record.tuple = {IpAddress::v4(0x0a000001), IpAddress::v4(0x0a000002), port, 80, kProtoTcp};
  record.has_tuple = true;
  record.reason = std::move(reason);
  record.count = count;
  record.first_seen = kSecond;
  return record;
}

std::vector<std::uint64_t> told(DropGrowth& growth, std::vector<DropRecord> records) {
  DropReport report;
  for (DropRecord& each : records) each.bytes = each.count * 60;
  report.records = std::move(records);
  std::vector<std::uint64_t> result;
  growth.update(report, [&](const DropRecord&, const Counters& gained) {
    EXPECT_EQ(gained.bytes, gained.packets * 60);
    result.push_back(gained.packets);
  });
  return result;
}

using Packets = std::vector<std::uint64_t>;

TEST(DropGrowth, TellsWhatIsMore) {
  DropGrowth growth;
  EXPECT_EQ(told(growth, {record(1, 3), record(2, 5)}), (Packets{3, 5}));
  EXPECT_EQ(told(growth, {record(1, 3), record(2, 5)}), Packets{});
  EXPECT_EQ(told(growth, {record(2, 9), record(1, 3)}), Packets{4});
}

TEST(DropGrowth, RecordsOfOneFlowAreTheirOwn) {
  DropGrowth growth;
  DropRecord inside = record(1, 3);
  inside.inside = DropInside{record(9, 0).tuple, Tunnel::kVxlan, 1};
  EXPECT_EQ(told(growth, {record(1, 3), record(1, 4, "TCP_CSUM"), inside}), (Packets{3, 4, 3}));
  EXPECT_EQ(told(growth, {inside, record(1, 5, "TCP_CSUM"), record(1, 5)}), (Packets{1, 2}));
}

TEST(DropGrowth, RecordsThatDifferInTheirStackAreNotToldAgain) {
  DropGrowth growth;
  DropRecord later = record(1, 5);
  later.first_seen = 2 * kSecond;
  later.stack = {"tcp_v4_rcv"};
  EXPECT_EQ(told(growth, {record(1, 10), later}), (Packets{10, 5}));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(told(growth, {record(1, 10), later}), Packets{});
    EXPECT_EQ(told(growth, {later, record(1, 10)}), Packets{});
  }
  EXPECT_EQ(told(growth, {record(1, 10), later, record(2, 1)}), Packets{1});
  later.count = 6;
  EXPECT_EQ(told(growth, {record(1, 12), later}), (Packets{2, 1}));
  // One of them made room for others, and came again.
  DropRecord again = record(1, 1);
  again.first_seen = 9 * kSecond;
  EXPECT_EQ(told(growth, {later, again}), Packets{1});
}

TEST(DropGrowth, RecordsThatDifferInNothingAreOneSum) {
  DropGrowth growth;
  EXPECT_EQ(told(growth, {record(1, 10), record(1, 5)}), Packets{15});
  EXPECT_EQ(told(growth, {record(1, 5), record(1, 10)}), Packets{});
  EXPECT_EQ(told(growth, {record(1, 5), record(1, 12)}), Packets{2});
}

TEST(DropGrowth, RecordsOfEachEthertypeAreTheirOwn) {
  DropGrowth growth;
  DropRecord ip = record(1, 3);
  ip.ethertype = 0x0800;
  EXPECT_EQ(told(growth, {record(1, 10), ip}), (Packets{10, 3}));
  EXPECT_EQ(told(growth, {record(1, 10), ip}), Packets{});
}

TEST(DropGrowth, ARecordThatCameAgainCountsFromTheBeginning) {
  DropGrowth growth;
  told(growth, {record(1, 10)});
  EXPECT_EQ(told(growth, {record(1, 2)}), Packets{2});
  DropRecord again = record(1, 7);
  again.first_seen = 9 * kSecond;
  EXPECT_EQ(told(growth, {again}), Packets{7});
}

TEST(DropGrowth, KnowsNoMoreThanTheNewestReport) {
  DropGrowth growth;
  for (std::uint16_t port = 1; port <= 1'000; ++port) told(growth, {record(port, 1)});
  EXPECT_EQ(growth.size(), 1U);
  EXPECT_EQ(told(growth, {}), Packets{});
  EXPECT_EQ(growth.size(), 0U);
}

TEST(DropGrowth, WhatIsNoIpPacketIsToldToo) {
  DropGrowth growth;
  DropRecord arp = record(1, 2);
  arp.has_tuple = false;
  arp.tuple = {};
  arp.ethertype = 0x0806;
  EXPECT_EQ(told(growth, {arp}), Packets{2});
  arp.count = 5;
  EXPECT_EQ(told(growth, {arp}), Packets{3});
}

}  // namespace
}  // namespace netprobe
