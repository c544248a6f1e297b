// SPDX-License-Identifier: Apache-2.0
// Every flow of a capture, packets and bytes both ways, against what tshark
// makes of the same capture. Definitions that differ are in docs/flows.md.
#include <functional>
#include <string>

#include "prog/random_traffic.h"
#include "prog/replay.h"
#include "prog/second_opinion.h"
#include "support/pcap_writer.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

struct Captured {
  Bytes bytes;
  std::uint32_t wire = 0;
};

class TsharkTest : public ProgTest {
 protected:
  void SetUp() override {
    ProgTest::SetUp();
    if (!have_program("tshark")) GTEST_SKIP() << "needs tshark";
  }

  /// Asks both about the same packets and compares all they say.
  static void compare(const std::vector<Captured>& packets) {
    const TempDir folder;
    const std::string path = folder.file("capture.pcap");
    auto writer = PcapWriter::create(path);
    ASSERT_TRUE(writer);
    Replay replay;
    Nanos time = 1'700'000'000 * kSecond;
    for (const auto& packet : packets) {
      ASSERT_TRUE(writer->add(packet.bytes, time += kMillisecond, packet.wire));
      replay.push(packet.bytes, {.wire_length = packet.wire});
    }
    ASSERT_TRUE(writer->finish());
    const auto opinion = ask_tshark(path);
    ASSERT_TRUE(opinion) << opinion.error().message;
    ASSERT_EQ(opinion->packets, packets.size());
    replay.expect_exact();
    const auto flows = replay.flows();
    compare_legs(legs_of(flows), opinion->legs);
    EXPECT_EQ(replay.counters().unattributed_total(), opinion->without_ip);
    for (const auto* kind : {"tcp", "udp"}) compare_conversations(flows, path, kind);
    compare_addresses(flows, path);
  }

  /// `make` gives the frames of one event.
  static void compare(int events, const std::function<RandomTraffic::Frames()>& make) {
    std::vector<Captured> packets;
    for (int i = 0; i < events; ++i)
      for (auto& frame : make()) packets.push_back({.bytes = std::move(frame)});
    compare(packets);
  }

 private:
  static void compare_legs(const Legs& ours, const Legs& theirs) {
    EXPECT_GT(theirs.size(), 10U) << "the capture is too thin to tell anything";
    int shown = 0;
    for (const auto& [leg, counters] : theirs) {
      const auto found = ours.find(leg);
      if (found != ours.end() && found->second == counters) continue;
      if (++shown > 5) continue;
      ADD_FAILURE() << testing::PrintToString(leg) << ": tshark "
                    << testing::PrintToString(counters) << ", netprobe "
                    << (found == ours.end() ? "nothing" : testing::PrintToString(found->second));
    }
    for (const auto& [leg, counters] : ours)
      if (!theirs.contains(leg) && ++shown <= 5)
        ADD_FAILURE() << testing::PrintToString(leg) << ": netprobe "
                      << testing::PrintToString(counters) << ", tshark nothing";
    EXPECT_EQ(shown, 0) << "flows that differ, of " << theirs.size();
  }

  /// Frames by ports in tshark's own conversation table. It has no row for
  /// later fragments, which carry no ports: those are left out of ours.
  static void compare_conversations(const std::vector<Flow>& flows, const std::string& path,
                                    const std::string& kind) {
    const auto theirs = tshark_conversations(path, kind);
    ASSERT_TRUE(theirs) << theirs.error().message;
    Conversations ours;
    for (const auto& flow : flows) {
      if (protocol_name(flow.tuple.protocol) != kind || flow.no_ports) continue;
      if (flow.fragments != 0) return;  // the table cannot be compared
      const auto end = [](const IpAddress& address, std::uint16_t port) {
        return address.to_string() + ":" + std::to_string(port);
      };
      auto ends = std::pair(end(flow.tuple.src, flow.tuple.src_port),
                            end(flow.tuple.dst, flow.tuple.dst_port));
      if (ends.second < ends.first) std::swap(ends.first, ends.second);
      ours[ends] += flow.forward.packets + flow.reverse.packets;
    }
    EXPECT_EQ(ours, *theirs) << kind;
  }

  /// Frames by addresses; each layer of a tunnel is a row of its own, as ours.
  static void compare_addresses(const std::vector<Flow>& flows, const std::string& path) {
    for (const bool v6 : {false, true}) {
      const auto theirs = tshark_conversations(path, v6 ? "ipv6" : "ip");
      ASSERT_TRUE(theirs) << theirs.error().message;
      Conversations ours;
      for (const auto& flow : flows) {
        if (flow.tuple.src.is_v4() == v6) continue;
        auto ends = std::pair(flow.tuple.src.to_string(), flow.tuple.dst.to_string());
        if (ends.second < ends.first) std::swap(ends.first, ends.second);
        ours[ends] += flow.forward.packets + flow.reverse.packets;
      }
      EXPECT_EQ(ours, *theirs) << (v6 ? "ipv6" : "ip");
    }
  }
};

TEST_F(TsharkTest, Tcp) {
  RandomTraffic traffic(11);
  compare(800, [&] { return traffic.tcp(); });
}

TEST_F(TsharkTest, Udp) {
  RandomTraffic traffic(12);
  compare(800, [&] { return traffic.udp(); });
}

TEST_F(TsharkTest, Icmp) {
  RandomTraffic traffic(13);
  compare(800, [&] { return traffic.icmp(); });
}

TEST_F(TsharkTest, OptionsAndExtensionHeaders) {
  RandomTraffic traffic(14);
  compare(800, [&] { return traffic.extensions(); });
}

TEST_F(TsharkTest, TagsAndLabels) {
  RandomTraffic traffic(15);
  compare(800, [&] { return traffic.tagged(); });
}

TEST_F(TsharkTest, Vxlan) {
  RandomTraffic traffic(16);
  compare(800, [&] { return traffic.vxlan(); });
}

TEST_F(TsharkTest, Geneve) {
  RandomTraffic traffic(17);
  compare(800, [&] { return traffic.geneve(); });
}

TEST_F(TsharkTest, GreAndIpInIp) {
  RandomTraffic traffic(18);
  compare(800, [&] { return traffic.ip_tunnels(); });
}

TEST_F(TsharkTest, Fragments) {
  RandomTraffic traffic(19);
  compare(300, [&] { return traffic.fragments(); });
}

TEST_F(TsharkTest, EverythingAtOnce) {
  RandomTraffic traffic(20);
  compare(2'000, [&] { return traffic.any(); });
}

// A capture with a snaplen: lengths are those of the wire.
TEST_F(TsharkTest, Truncated) {
  RandomTraffic traffic(21);
  std::vector<Captured> packets;
  for (int i = 0; i < 800; ++i) {
    auto frames = i % 2 == 0 ? traffic.tcp() : traffic.udp();
    const auto wire = static_cast<std::uint32_t>(frames[0].size());
    // From nothing but the link header to all headers.
    frames[0].resize(std::min<std::size_t>(frames[0].size(), 14 + traffic.below(70)));
    packets.push_back({std::move(frames[0]), wire});
  }
  compare(packets);
}

}  // namespace
}  // namespace netprobe::test
