// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/last_seen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "probes/socket/connection_view.h"

namespace netprobe {
namespace {

np_swept one(std::uint64_t id, std::uint64_t sent, std::uint64_t received) {
  np_swept swept{};
  swept.c.id = id;
  swept.c.state = 1;
  swept.c.role = NP_ROLE_CLIENT;
  swept.c.bytes_sent = sent;
  swept.c.bytes_recv = received;
  swept.c.retransmits = 2;
  swept.c.srtt_us = 300;
  return swept;
}

std::uint64_t samples(const LastSeen& seen, int role) {
  const np_latency& of = seen.round_trips().at(static_cast<std::size_t>(role));
  return std::accumulate(std::begin(of.count), std::end(of.count), std::uint64_t{0});
}

TEST(LastSeen, SamplesRoundTripsWhereBytesMoved) {
  LastSeen seen(kSecond);
  seen.look(std::vector{one(1, 10, 0), one(4, 10, 0)}, 1);
  EXPECT_EQ(samples(seen, NP_ROLE_CLIENT), 0U) << "nothing to compare with";
  seen.look(std::vector{one(1, 10, 5), one(4, 10, 0)}, 2);
  EXPECT_EQ(samples(seen, NP_ROLE_CLIENT), 0U) << "the interval is not over";
  seen.look(std::vector{one(1, 10, 5), one(3, 1, 1), one(4, 10, 0)}, kSecond + 1);
  EXPECT_EQ(samples(seen, NP_ROLE_CLIENT), 1U);
  EXPECT_EQ(seen.round_trips()[NP_ROLE_CLIENT].sum_ns, 300'000U);
  seen.look(std::vector{one(3, 1, 1)}, 2 * kSecond + 1);
  EXPECT_EQ(samples(seen, NP_ROLE_CLIENT), 1U) << "new at the last sample, and quiet since";
}

TEST(LastSeen, KnowsWhatAnEndLacks) {
  LastSeen seen(kSecond);
  np_swept listening = one(2, 0, 0);
  listening.c.state = kTcpStateListen;
  np_swept closed = one(3, 5, 5);
  closed.c.state = kTcpStateClose;
  seen.look(std::vector{one(1, 10, 400), listening, closed}, 1);
  seen.look(std::vector{one(1, 10, 500), listening, closed}, 2);  // between two samples
  np_connection ended{};
  ended.id = 1;
  ended.bytes_sent = 12;  // read later
  EXPECT_TRUE(seen.complete(ended));
  EXPECT_EQ(ended.bytes_sent, 12U);
  EXPECT_EQ(ended.bytes_recv, 500U);
  EXPECT_EQ(ended.retransmits, 2U);
  for (const std::uint64_t unknown : {0U, 2U, 3U, 4U}) {
    np_connection other{};
    other.id = unknown;
    EXPECT_FALSE(seen.complete(other)) << unknown;
    EXPECT_EQ(other.bytes_recv, 0U);
  }
}

}  // namespace
}  // namespace netprobe
