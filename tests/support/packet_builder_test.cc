// SPDX-License-Identifier: Apache-2.0
#include "support/packet_builder.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "support/checksum.h"
#include "support/pcap_writer.h"
#include "support/process.h"
#include "support/temp_dir.h"
#include "support/tshark.h"

namespace netprobe::test {
namespace {

TEST(InternetChecksumTest, MatchesTheExampleOfRfc1071) {
  const Bytes bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(InternetChecksum().add(bytes).value(), static_cast<std::uint16_t>(~0xddf2));
}

TEST(Crc32cTest, MatchesTheCheckValueOfRfc3720) {
  Bytes ascending(32);
  std::iota(ascending.begin(), ascending.end(), std::uint8_t{0});
  EXPECT_EQ(crc32c(ascending), 0x46dd794eU);
  EXPECT_EQ(crc32c(Bytes(32, 0)), 0x8a9136aaU);
}

TEST(PacketTest, LaysOutHeadersInOrder) {
  const Bytes frame =
      Packet().ether().vlan({.id = 7}).ipv4({.ttl = 3}).udp({.dst = 53}).payload(4).bytes();
  ASSERT_EQ(frame.size(), 14U + 4 + 20 + 8 + 4);
  EXPECT_EQ(frame[12], 0x81);
  EXPECT_EQ(frame[15], 7);
  EXPECT_EQ(frame[16], 0x08);
  EXPECT_EQ(frame[18], 0x45);
  EXPECT_EQ(frame[18 + 3], 32);  // total length
  EXPECT_EQ(frame[18 + 8], 3);
  EXPECT_EQ(frame[18 + 20 + 3], 53);
  EXPECT_EQ(frame[18 + 20 + 5], 12);  // UDP length
}

TEST(PacketTest, OverridesStand) {
  const Bytes frame =
      Packet().ether().ipv4({.header_words = 4, .total_length = 9'999, .checksum = 0x1234}).bytes();
  EXPECT_EQ(frame[14], 0x44);
  EXPECT_EQ(frame[16] << 8 | frame[17], 9'999);
  EXPECT_EQ(frame[24] << 8 | frame[25], 0x1234);
}

TEST(PacketTest, FragmentsCarryAllBytesOnce) {
  const Packet whole = Packet().ether().ipv4().udp().payload(100);
  const auto pieces = whole.fragments(48, 77);
  ASSERT_EQ(pieces.size(), 3U);  // 48 + 48 + 12 of 108
  Bytes joined;
  for (const auto& piece : pieces) joined.insert(joined.end(), piece.begin() + 34, piece.end());
  const Bytes one = whole.bytes();
  EXPECT_EQ(joined, Bytes(one.begin() + 34, one.end()));
  EXPECT_EQ(pieces[0][20], 0x20);  // more fragments
  EXPECT_EQ(pieces[2][20] << 8 | pieces[2][21], 12);
}

/// One packet of every kind, all of them right.
std::vector<Bytes> right_packets() {
  const Packet eth = Packet().ether();
  const Packet v4 = Packet(eth).ipv4();
  const Packet v6 = Packet(eth).ipv6();
  const Packet inner = Packet().ether().ipv4({.src = "192.168.0.1"}).tcp().payload(33);
  std::vector<Bytes> all{
      Packet(eth).arp().padded(),
      Packet(v4).tcp({.flags = 0x02, .options = {2, 4, 5, 180}}).padded(),
      Packet(v4).udp().payload(11).bytes(),
      Packet(v4).sctp().raw({.bytes = {11, 0, 0, 4}}).bytes(),
      Packet(v4).echo(7, 1).payload(56).bytes(),
      Packet(v4).icmp_error(3, 1, Packet().ipv4().udp().payload(30)).bytes(),
      Packet(v6).tcp().payload(1).bytes(),
      Packet(v6).udp().payload(12).bytes(),
      Packet(v6).echo(9, 1).payload(3).bytes(),
      Packet(v6).icmp_error(2, 0, Packet().ipv6().tcp().payload(80), 200, 1'280).bytes(),
      Packet(v6).hop_by_hop().routing().destination(1).udp().payload(9).bytes(),
      Packet(v6).auth().tcp().payload(9).bytes(),
      Packet(v6).fragment({.id = 5}).udp().payload(9).bytes(),
      Packet(eth).ipv4({.options = {1, 1, 1}}).udp().payload(2).bytes(),
      Packet(eth).vlan({.id = 5}).ipv6().udp().payload(3).bytes(),
      Packet(eth).qinq(100, 200).ipv4().tcp().padded(),
      Packet(eth).mpls({16, 17, 18}).ipv4().udp().payload(20).bytes(),
      Packet(eth).pppoe().ipv6().udp().payload(20).bytes(),
      Packet(eth).snap().ipv4().udp().payload(20).bytes(),
      Packet(v4).ipv4({.src = "192.168.9.9"}).udp().payload(5).bytes(),
      Packet(v4).ipv6().tcp().payload(5).bytes(),
      Packet(v6).ipv4().tcp().payload(5).bytes(),
      Packet(v4).gre({.key = 7, .sequence = 1, .checksum = true}).ipv4().udp().payload(5).bytes(),
  };
  const auto put = [](Packet outside, const Packet& inside) {
    return Packet(outside.raw({.bytes = inside.bytes(), .ethertype = 0x6558})).bytes();
  };
  all.push_back(put(Packet(v4).udp({.src = 50'000, .dst = 4'789}).vxlan({.vni = 42}), inner));
  all.push_back(put(Packet(v6).udp({.src = 50'000, .dst = 4'789}).vxlan({.vni = 42}), inner));
  all.push_back(put(Packet(v4)
                        .udp({.src = 50'000, .dst = 6'081})
                        .geneve({.vni = 9, .options = {1, 2, 0x80, 1, 9, 9, 9, 9}}),
                    inner));
  all.push_back(put(Packet(v4).gre(), inner));
  for (const auto& piece : Packet(v4).udp().payload(999).fragments(400, 3)) all.push_back(piece);
  for (const auto& piece : Packet(v6).hop_by_hop().udp().payload(999).fragments(400, 4))
    all.push_back(piece);
  return all;
}

class TsharkReadsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!have_program("tshark")) GTEST_SKIP() << "needs tshark";
  }
  /// What tshark's experts say at level warning or worse, one text a packet.
  static std::vector<std::string> complaints(const std::vector<Bytes>& packets) {
    const TempDir folder;
    const std::string path = folder.file("all.pcap");
    auto writer = PcapWriter::create(path);
    Nanos time = kSecond;
    for (const auto& packet : packets) EXPECT_TRUE(writer->add(packet, time += kMillisecond));
    EXPECT_TRUE(writer->finish());
    const auto rows = tshark_fields(
        path, {"frame.number", "_ws.malformed", "_ws.expert.message", "frame.protocols"},
        {"-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o",
         "udp.check_checksum:TRUE", "-o", "sctp.checksum:TRUE", "-2", "-R",
         "_ws.malformed || _ws.expert.severity >= 0x00600000"});
    EXPECT_TRUE(rows.has_value()) << rows.error().message;
    std::vector<std::string> out;
    for (const auto& row : *rows) out.push_back(row[0] + " " + row[3] + ": " + row[1] + row[2]);
    return out;
  }
};

TEST_F(TsharkReadsTest, EveryKindWithoutAWarning) {
  EXPECT_EQ(complaints(right_packets()), std::vector<std::string>{});
}

// The check above must be able to fail.
TEST_F(TsharkReadsTest, AndComplainsAboutWrongOnes) {
  EXPECT_EQ(complaints({Packet().ether().ipv4({.checksum = 1}).udp().payload(4).bytes()}).size(),
            1U);
  EXPECT_EQ(complaints({Packet().ether().ipv6().tcp({.checksum = 1}).payload(4).bytes()}).size(),
            1U);
  EXPECT_EQ(complaints({Packet().ether().ipv4().udp({.length = 4}).payload(4).bytes()}).size(), 1U);
}

}  // namespace
}  // namespace netprobe::test
