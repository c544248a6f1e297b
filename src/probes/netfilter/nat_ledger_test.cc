// SPDX-License-Identifier: Apache-2.0
// Whoever was told of a pair hears of its end, whatever is lost in between.
#include "probes/netfilter/nat_ledger.h"

#include <gtest/gtest.h>

#include <map>

namespace netprobe {
namespace {

FlowTuple tuple(std::uint16_t port, std::string_view dst) {
  return {*IpAddress::parse("10.0.0.9"), *IpAddress::parse(dst), port, 80, kProtoTcp};
}
NatMapping mapping(std::uint16_t port, std::string_view backend = "10.0.0.20", bool over = false) {
  return {tuple(port, "10.96.0.1"), tuple(port, backend), over};
}

class Ledger : public testing::Test {
 protected:
  explicit Ledger() : queue_(3), ledger_(queue_, 4) {}
  void event(const NatMapping& m) { ledger_.take(m, false, 0); }
  void dump(std::initializer_list<NatMapping> entries) {
    ledger_.begin_dump();
    for (const NatMapping& each : entries) ledger_.take(each, true, 0);
    ledger_.finish_dump(true);
  }
  /// What the flow table does with what it hears.
  void read() {
    for (const NatMapping& heard : queue_.take()) {
      const auto key = heard.original.src_port;
      if (!heard.ended)
        table_[key] = heard.translated;
      else if (table_.contains(key) && table_[key] == heard.translated)
        table_.erase(key);
    }
  }
  BoundedQueue<NatMapping> queue_;
  NatLedger ledger_;
  std::map<std::uint16_t, FlowTuple> table_;
};

TEST_F(Ledger, AnEndThatFoundTheQueueFullIsSaidLater) {
  for (std::uint16_t port = 1; port <= 3; ++port) event(mapping(port));
  event(mapping(1, "10.0.0.20", true));  // full
  read();
  EXPECT_EQ(table_.size(), 3U);
  EXPECT_EQ(ledger_.size(), 3U) << "it is not forgotten before it is said";
  ledger_.say_owed();
  read();
  EXPECT_EQ(table_.size(), 2U);
  EXPECT_EQ(ledger_.size(), 2U);
  EXPECT_EQ(queue_.lost(), 0U);
}

TEST_F(Ledger, ADumpEndsWhatEventsLostEvenThroughAFullQueue) {
  for (std::uint16_t port = 1; port <= 3; ++port) event(mapping(port));
  read();
  event(mapping(4));
  dump({});  // four ends, and room for two
  read();
  ledger_.say_owed();
  read();
  EXPECT_TRUE(table_.empty());
  EXPECT_EQ(ledger_.size(), 0U);
}

TEST_F(Ledger, AnOwedEndEndsNoSuccessor) {
  for (std::uint16_t port = 1; port <= 3; ++port) event(mapping(port));
  event(mapping(1, "10.0.0.20", true));  // full: owed
  read();
  event(mapping(1, "10.0.0.21"));
  ledger_.say_owed();
  read();
  ASSERT_TRUE(table_.contains(1));
  EXPECT_EQ(table_[1], tuple(1, "10.0.0.21"));
}

TEST_F(Ledger, ASuccessorThatFoundTheQueueFullLeavesNothingStale) {
  event(mapping(1));
  read();
  for (std::uint16_t port = 2; port <= 4; ++port) event(mapping(port));
  event(mapping(1, "10.0.0.21"));  // full
  EXPECT_TRUE(ledger_.take_dump_wish());
  read();
  ledger_.say_owed();
  read();
  EXPECT_FALSE(table_.contains(1));
  dump({mapping(1, "10.0.0.21"), mapping(2), mapping(3), mapping(4)});
  read();
  EXPECT_EQ(table_[1], tuple(1, "10.0.0.21"));
  EXPECT_EQ(table_.size(), 4U);
  EXPECT_EQ(queue_.lost(), 1U);
}

TEST_F(Ledger, WhatEndedWhileTheDumpWentOnIsNotBack) {
  event(mapping(1));
  ledger_.begin_dump();
  event(mapping(1, "10.0.0.20", true));
  ledger_.take(mapping(1), true, 0);
  ledger_.finish_dump(true);
  read();
  EXPECT_TRUE(table_.empty());
}

TEST_F(Ledger, IsBoundedAndCountsWhatItRefuses) {
  for (std::uint16_t port = 1; port <= 6; ++port) {
    event(mapping(port));
    read();
  }
  EXPECT_EQ(ledger_.size(), 4U);
  EXPECT_EQ(ledger_.refused(), 2U);
}

}  // namespace
}  // namespace netprobe
