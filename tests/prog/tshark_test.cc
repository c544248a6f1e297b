// SPDX-License-Identifier: Apache-2.0
// Every flow of a capture, packets and bytes both ways, against what tshark
// makes of the same capture. Definitions that differ are in docs/flows.md.
#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

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

  /// Asks both about the same packets and compares all they say; without
  /// `port_tables` all but tshark's tables by port.
  static void compare(const std::vector<Captured>& packets, bool port_tables = true) {
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
    const Legs legs = legs_of(flows);
    compare_legs(legs, opinion->legs);
    EXPECT_EQ(replay.counters().unattributed_total(), opinion->without_ip);
    // Of a fragmented datagram tshark's tables by port and by IPv6 address have
    // one frame only, and nothing of packets whose ports were cut off.
    const auto has = [&flows](auto member) {
      return std::ranges::any_of(flows, [member](const Flow& flow) { return flow.*member != 0; });
    };
    const bool fragments = has(&Flow::fragments);
    std::vector<std::string> tables{"ip"};
    if (!fragments) tables.emplace_back("ipv6");
    if (port_tables && !fragments && !has(&Flow::no_ports))
      tables.insert(tables.end(), {"tcp", "udp"});
    for (const auto& table : tables) compare_conversations(legs, path, table);
  }

  /// `make` gives the frames of one event.
  static void compare(int events, const std::function<RandomTraffic::Frames()>& make,
                      bool port_tables = true) {
    std::vector<Captured> packets;
    for (int i = 0; i < events; ++i)
      for (auto& frame : make()) packets.push_back({.bytes = std::move(frame)});
    compare(packets, port_tables);
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

  /// Both ends of a leg as tshark prints them, in text order.
  static std::pair<std::string, std::string> ends_of(const Leg& leg, bool ports) {
    const auto end = [ports](const IpAddress& address, std::uint16_t port) {
      return address.to_string() + (ports ? ":" + std::to_string(port) : "");
    };
    auto ends = std::pair(end(leg.src, leg.src_port), end(leg.dst, leg.dst_port));
    if (ends.second < ends.first) std::swap(ends.first, ends.second);
    return ends;
  }

  /// Frames in tshark's own conversation tables. Each layer of a tunnel is a
  /// row there, as it is a leg here.
  static void compare_conversations(const Legs& legs, const std::string& path,
                                    const std::string& table) {
    const bool ports = table == "tcp" || table == "udp";
    const auto theirs = tshark_conversations(path, table);
    ASSERT_TRUE(theirs) << theirs.error().message;
    Conversations ours;
    for (const auto& [leg, counters] : legs) {
      const bool taken =
          ports ? protocol_name(leg.protocol) == table : leg.src.is_v4() == (table == "ip");
      if (taken) ours[ends_of(leg, ports)] += counters.packets;
    }
    EXPECT_EQ(ours, *theirs) << table;
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

// Wrong checksums, lengths and offsets above IP do not move a packet to another
// flow; an IP header that is none leaves it without one. (tshark's table of TCP
// ports leaves segments with a bad header length out, though it names their
// ports: docs/flows.md.)
TEST_F(TsharkTest, Malformed) {
  RandomTraffic traffic(22);
  compare(
      800,
      [&]() -> RandomTraffic::Frames {
        Packet packet = Packet().ether();
        const auto src = static_cast<std::uint16_t>(30'011 + 2 * traffic.below(6));
        const auto any = static_cast<std::uint16_t>(traffic.below(65'536));
        switch (traffic.below(7)) {
          case 0:
            return {packet.ipv4({.checksum = any}).tcp({.src = src}).payload(20).padded()};
          case 1:
            return {packet.ipv6().tcp({.src = src, .checksum = any}).payload(20).padded()};
          case 2:
            return {packet.ipv6().udp({.src = src, .length = any}).payload(20).padded()};
          case 3:
            return {packet.ipv4()
                        .tcp({.src = src, .header_words = static_cast<std::uint8_t>(any % 16)})
                        .payload(20)
                        .padded()};
          case 4:
            return {packet.ipv4({.header_words = static_cast<std::uint8_t>(any % 5)})
                        .udp({.src = src})
                        .payload(20)
                        .padded()};
          case 5:
            return {packet.ipv4({.total_length = static_cast<std::uint16_t>(1 + any % 19)})
                        .udp({.src = src})
                        .payload(20)
                        .padded()};
          default:
            return {Packet().ether({.type = 0x86dd}).raw({.bytes = Bytes(50, 0x35)}).padded()};
        }
      },
      false);
}

}  // namespace
}  // namespace netprobe::test
