// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/connection_view.h"

#include <gtest/gtest.h>

#include <cstring>

#include "model/verdict.h"
#include "probes/socket/ended_list.h"

namespace netprobe {
namespace {

np_connection sample() {
  np_connection c{};
  c.id = 7;
  c.opened_ns = 100;
  c.established_ns = 150;
  c.handshake_ns = 50;
  c.bytes_sent = 11;
  c.bytes_recv = 22;
  c.owner.pid = 42;
  c.owner.known_by = NP_KNOWN_BY_CONNECT;
  std::memcpy(c.owner.comm, "fifteen-letters", 15);
  c.owner.check = np_owner_check(&c.owner);
  c.src_ip[15] = 1;
  c.src_port = 1000;
  c.dst_port = 80;
  c.protocol = kProtoTcp;
  c.role = NP_ROLE_CLIENT;
  c.state = 1;
  c.srtt_us = 9;
  return c;
}

TEST(ConnectionView, TranslatesTimesAndUnits) {
  ProcessCache processes;
  const Connection c = connection_of(sample(), 1'000, processes);
  EXPECT_EQ(c.opened, 1'100);
  EXPECT_EQ(c.established, 1'150);
  EXPECT_EQ(c.closed, 0);
  EXPECT_EQ(c.connect_time, 50);
  EXPECT_EQ(c.rtt, 9 * kMicrosecond);
  EXPECT_EQ(c.state, "established");
  EXPECT_EQ(c.verdict, "open");
  EXPECT_EQ(c.role, SocketRole::kClient);
  ASSERT_TRUE(c.process);
  EXPECT_EQ(c.process->comm, "fifteen-letters");
  EXPECT_EQ(c.process->pid, 42U);
  EXPECT_EQ(c.process->known_by, "connect");
}

TEST(ConnectionView, AListenersNameIsForTheTimeBeing) {
  ProcessCache processes;
  np_connection c = sample();
  EXPECT_TRUE(np_owner_is_certain(&c.owner));
  c.owner.known_by = NP_KNOWN_BY_LISTENER;
  EXPECT_FALSE(np_owner_is_whole(&c.owner)) << "how it is known is a part of the owner";
  c.owner.check = np_owner_check(&c.owner);
  EXPECT_TRUE(np_owner_is_whole(&c.owner));
  EXPECT_FALSE(np_owner_is_certain(&c.owner));
  ASSERT_TRUE(connection_of(c, 0, processes).process);
  EXPECT_EQ(connection_of(c, 0, processes).process->known_by, "listener");
  c.owner.known_by = NP_KNOWN_BY_FILE;
  c.owner.check = np_owner_check(&c.owner);
  EXPECT_EQ(connection_of(c, 0, processes).process->known_by, "file");
}

TEST(ConnectionView, TellsHowItStands) {
  ProcessCache processes;
  np_connection c = sample();
  const auto verdict = [&](std::uint8_t state) {
    c.state = state;
    return connection_of(c, 0, processes).verdict;
  };
  EXPECT_EQ(verdict(2), "connecting");
  EXPECT_EQ(verdict(3), "half_open");
  EXPECT_EQ(verdict(8), "half_closed");
  EXPECT_EQ(verdict(200), "unknown");
  c.flags = NP_CONN_ENDED;
  c.verdict = NP_VERDICT_RESET_BY_SERVER;
  c.closed_ns = 5;
  EXPECT_EQ(connection_of(c, 10, processes).closed, 15);
  EXPECT_EQ(connection_of(c, 10, processes).verdict, "reset_by_server");
  c.verdict = 255;
  EXPECT_EQ(connection_of(c, 0, processes).verdict, "unknown");
}

TEST(ConnectionView, NeverNamesAnUnknownOwner) {
  ProcessCache processes;
  np_connection c = sample();
  c.owner = {};
  EXPECT_FALSE(connection_of(c, 0, processes).process);
}

TEST(EndedList, KeepsTheNewestForAWhile) {
  EndedList list(3, 100);
  const auto ids = [&](Nanos now) {
    std::vector<std::uint64_t> result;
    list.for_each(now, [&](const np_connection& c) { result.push_back(c.id); });
    return result;
  };
  np_connection c{};
  for (c.id = 1; c.id <= 3; ++c.id) list.add(c, static_cast<Nanos>(c.id));
  EXPECT_EQ(ids(50), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(list.not_kept(), 0U);
  list.add(c, 60);
  EXPECT_EQ(ids(60), (std::vector<std::uint64_t>{2, 3, 4}));
  EXPECT_EQ(list.not_kept(), 1U);
  EXPECT_EQ(ids(103), (std::vector<std::uint64_t>{4}));
  list.add(c, 500);  // pushes out one that was over anyway
  EXPECT_EQ(list.not_kept(), 1U);
}

}  // namespace
}  // namespace netprobe
