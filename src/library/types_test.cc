// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <netprobe/types.h>
#include <netprobe/version.h>

#include "library/convert.h"

namespace netprobe::v0 {
namespace {

TEST(Address, IsWrittenAsItIsRead) {
  for (const char* text : {"10.0.0.1", "fd00::1", "::", "2001:db8::ff00:42:8329"}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
  const auto mapped = Address::parse("::ffff:10.0.0.1");
  ASSERT_TRUE(mapped);
  EXPECT_TRUE(mapped->is_v4());
  EXPECT_EQ(mapped->bytes[15], 1);  // network order
  EXPECT_TRUE(Address{}.is_unspecified());
  EXPECT_FALSE(mapped->is_unspecified());
}

TEST(Address, RefusesWhatIsNone) {
  for (const char* text : {"", "10.0.0", "10.0.0.256", "fd00::1%eth0", "pod"}) {
    const auto address = Address::parse(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().kind, ErrorKind::kUsage);
    EXPECT_FALSE(address.error().message.empty());
  }
}

TEST(Version, IsThatOfTheHeaders) { EXPECT_STREQ(version(), NETPROBE_VERSION); }

TEST(Convert, LossesAreOnceThoughTwoPlacesTellThem) {
  netprobe::Snapshot snapshot;
  snapshot.losses = {{"flow_probe", "ring_full", 3}, {"nat", "queue_full", 0}};
  netprobe::ProbeStatus probe;
  probe.name = "flow";
  probe.lost = {{"flow_probe", "ring_full", 3}, {"flow_probe", "cache_full", 2}};
  snapshot.probes = {probe};
  const auto statistics = public_statistics(snapshot);
  ASSERT_EQ(statistics.lost.size(), 2U);
  EXPECT_EQ(statistics.lost[0].cause, "cache_full");
  EXPECT_EQ(statistics.lost[1].cause, "ring_full");
  EXPECT_EQ(statistics.lost[1].count, 3U);
}

TEST(Convert, AnEventHasWhatTheProbeKnows) {
  netprobe::Connection connection;
  connection.id = 7;
  connection.tuple = {netprobe::IpAddress::v4(0x0a000001), netprobe::IpAddress::v4(0x0a000002),
                      40'000, 80, netprobe::kProtoTcp};
  connection.bytes_sent = 10;
  connection.bytes_received = 20;
  connection.error = 111;
  const netprobe::SocketEvent own{netprobe::SocketEventKind::kClose, 1'500, 99, connection};
  auto event = public_event(own);
  EXPECT_EQ(event.type, SocketEventType::kClose);
  EXPECT_EQ(event.time.time_since_epoch().count(), 1'500);
  EXPECT_EQ(event.local.to_string(), "10.0.0.1");
  EXPECT_EQ(event.remote_port, 80);
  EXPECT_EQ(event.bytes_sent, 10U);
  EXPECT_EQ(event.bytes_received, 20U);
  EXPECT_EQ(event.error, 111);
  EXPECT_EQ(event.pid, 0U);
  EXPECT_EQ(event.tid, 0U);  // of nobody known
  auto process = std::make_shared<netprobe::ProcessRef>();
  process->pid = 98;
  process->comm = "curl";
  connection.process = process;
  event = public_event(own);
  EXPECT_EQ(event.pid, 98U);
  EXPECT_EQ(event.tid, 99U);
  EXPECT_EQ(event.comm, "curl");
}

}  // namespace
}  // namespace netprobe::v0
