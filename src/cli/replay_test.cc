// SPDX-License-Identifier: Apache-2.0
// Captures through the kernel's flow program, as a user replays them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/testing/run.h"
#include "io/testing/pcap_builder.h"

namespace netprobe {
namespace {

using ::testing::HasSubstr;
using namespace netprobe::testing;

/// A UDP datagram of 28 bytes from 10.0.0.1 to 10.0.0.2, port 53 to `port`.
std::string ip_packet(std::uint8_t port) {
  const std::vector<std::uint8_t> bytes{0x45, 0, 0,  28, 0, 1, 0, 0,  64, 17,   0, 0, 10, 0,
                                        0,    1, 10, 0,  0, 2, 0, 53, 0,  port, 0, 8, 0,  0};
  return {bytes.begin(), bytes.end()};
}

std::string ethernet(std::uint8_t port) {
  return std::string(12, '\2') + std::string("\x08\x00", 2) + ip_packet(port);
}

std::string text_of(const PcapBuilder& built) {
  return {built.bytes().begin(), built.bytes().end()};
}

class Replay : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: runs a BPF program";
  }
};

TEST_F(Replay, PrintsFlowsByTimeAndCountsTheRest) {
  PcapBuilder built;
  built.pcap_header(0xa1b2c3d4, 1)
      .pcap_packet(20, 0, ethernet(2), 42)
      .pcap_packet(10, 0, ethernet(1), 42)
      .pcap_packet(21, 0, ethernet(2), 42)
      .pcap_packet(22, 0, std::string(12, '\2') + std::string("\x08\x06", 2) + std::string(28, 0),
                   60);
  const auto run = run_netprobe({"replay", "-", "-o", "json"}, text_of(built));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto first = run.out.find(R"("dst_port":1,)");
  const auto second = run.out.find(R"("dst_port":2,)");
  ASSERT_NE(first, std::string::npos) << run.out;
  ASSERT_NE(second, std::string::npos) << run.out;
  EXPECT_LT(first, second);
  EXPECT_THAT(run.out, HasSubstr(R"("packets":2,"bytes":56,)"));
  EXPECT_THAT(run.out, HasSubstr(R"("interface":"file0")"));
  EXPECT_THAT(run.err, HasSubstr("4 packets, 2 flows"));
  EXPECT_THAT(run.err, HasSubstr("1 packet in no flow: non_ip"));
  const auto filtered =
      run_netprobe({"replay", "-", "-o", "json", "--dst-port", "1"}, text_of(built));
  EXPECT_EQ(std::ranges::count(filtered.out, '\n'), 1);
}

TEST_F(Replay, EveryLinkTypeIsTheSameFlow) {
  const std::string sll = std::string(14, '\0') + std::string("\x08\x00", 2);
  const std::string sll2 = std::string("\x08\x00", 2) + std::string(18, '\0');
  for (const auto& [type, header] : std::vector<std::pair<unsigned, std::string>>{
           {1, std::string(12, '\2') + std::string("\x08\x00", 2)},
           {101, ""},
           {12, ""},
           {0, std::string("\2\0\0\0", 4)},
           {108, std::string("\0\0\0\2", 4)},
           {113, sll},
           {276, sll2}}) {
    const std::string packet = header + ip_packet(9);
    const auto run = run_netprobe(
        {"replay", "-", "-o", "json"},
        text_of(PcapBuilder()
                    .pcap_header(0xa1b2c3d4, type)
                    .pcap_packet(1, 0, packet, static_cast<std::uint32_t>(packet.size()))));
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr(R"("src_ip":"10.0.0.1","dst_ip":"10.0.0.2","src_port":53,)"
                                   R"("dst_port":9,)"))
        << type;
    EXPECT_THAT(run.out, HasSubstr(R"("packets":1,"bytes":28,)")) << type;
  }
}

TEST_F(Replay, WhatIsWrongWithACaptureIsSaidAfterWhatWasRead) {
  PcapBuilder built;
  built.pcap_header(0xa1b2c3d4, 1).pcap_packet(1, 0, ethernet(1), 42);
  const auto whole = text_of(built);
  const auto cut = text_of(PcapBuilder(built).pcap_packet(2, 0, ethernet(2), 42));
  const auto truncated = run_netprobe({"replay", "-", "-o", "json"}, cut.substr(0, cut.size() - 1));
  EXPECT_EQ(truncated.exit_code, 4);
  EXPECT_THAT(truncated.out, HasSubstr(R"("dst_port":1,)"));
  EXPECT_THAT(truncated.err, HasSubstr("ends in the middle of a packet; 1 packet was read"));
  const auto broken = run_netprobe({"replay", "-", "-o", "json"}, whole + std::string(16, '\xff'));
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_THAT(broken.out, HasSubstr(R"("dst_port":1,)"));
  EXPECT_THAT(broken.err, HasSubstr("longer than any can be"));
}

TEST_F(Replay, UnsupportedLinkTypesAreCountedAndNamed) {
  const auto run =
      run_netprobe({"replay", "-", "--stats"},
                   text_of(PcapBuilder().pcap_header(0xa1b2c3d4, 105).pcap_packet(1, 0, "abc", 3)));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out,
            "1 packet, 0 flows\n  1 packet not read: link type ieee802_11 (105) is not "
            "supported\n");
  EXPECT_EQ(run.err, "");
}

TEST(ProgressLine, SaysHowFarAndHowLong) {
  EXPECT_EQ(Progress::line(50, 100, 1'200'000, 3 * kSecond),
            "[###############...............]  50%  1.2M packets  3.0s left");
  EXPECT_EQ(Progress::line(200, 100, 1, kSecond),
            "[##############################] 100%  1 packets  0s left");
  EXPECT_EQ(Progress::line(2'000, 0, 7, kSecond), "7 packets  2.0 kB");
}

/// A TCP segment without data from 10.0.0.1 to 10.0.0.2, behind an Ethernet header.
std::string segment(std::uint16_t port, std::uint8_t flags, bool answer = false) {
  const auto high = static_cast<std::uint8_t>(port >> 8);
  const auto low = static_cast<std::uint8_t>(port);
  std::vector<std::uint8_t> bytes{0x45, 0, 0,  40, 0, 1, 0,  0, 64, 6,
                                  0,    0, 10, 0,  0, 1, 10, 0, 0,  2};
  const std::vector<std::uint8_t> ports = answer ? std::vector<std::uint8_t>{high, low, 0x9c, 0x40}
                                                 : std::vector<std::uint8_t>{0x9c, 0x40, high, low};
  bytes.insert(bytes.end(), ports.begin(), ports.end());
  bytes.insert(bytes.end(), {0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0});
  if (answer) std::swap(bytes[15], bytes[19]);
  return std::string(12, '\2') + std::string("\x08\x00", 2) +
         std::string(bytes.begin(), bytes.end());
}

TEST_F(Replay, FindsAScanInACapture) {
  PcapBuilder scan;
  scan.pcap_header(0xa1b2c3d4, 1);
  for (std::uint16_t port = 1; port <= 300; ++port) {
    const unsigned second = 1'000'000U + port / 100;
    scan.pcap_packet(second, port, segment(port, 0x02), 54);
    scan.pcap_packet(second, port + 1U, segment(port, 0x14, true), 54);
  }
  const auto run = run_netprobe({"replay", "-", "--alerts", "-o", "json"}, text_of(scan));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(std::ranges::count(run.out, '\n'), 1) << run.out;
  EXPECT_THAT(run.out, HasSubstr(R"("kind":"port_scan")"));
  EXPECT_THAT(run.out, HasSubstr(R"("first_seen":"1970-01-12T13:46:40)"));
  EXPECT_THAT(run.err, HasSubstr("1 alert\n"));
  const auto table = run_netprobe({"replay", "-", "--alerts"}, text_of(scan));
  EXPECT_THAT(table.out, HasSubstr("T1046"));
  EXPECT_THAT(table.out, HasSubstr("10.0.0.1"));
  const auto without =
      run_netprobe({"replay", "-", "--alerts", "--detectors", "!port_scan"}, text_of(scan));
  EXPECT_EQ(std::ranges::count(without.out, '\n'), 1) << without.out;
}

TEST_F(Replay, FindsNothingInHonestFlowsHoweverLongTheyPause) {
  PcapBuilder built;
  built.pcap_header(0xa1b2c3d4, 1);
  // Then one of 68 years later, and one that went back.
  for (const unsigned second : {10U, 11U, 4'000'000'000U, 12U}) {
    built.pcap_packet(second, 1, segment(80, 0x02), 54);
    built.pcap_packet(second, 2, segment(80, 0x12, true), 54);
    built.pcap_packet(second, 3, segment(80, 0x11), 54);
    built.pcap_packet(second, 4, segment(80, 0x11, true), 54);
  }
  const auto run = run_netprobe({"replay", "-", "--alerts", "-o", "json"}, text_of(built));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("16 packets"));
  EXPECT_THAT(run.err, HasSubstr("0 alerts"));
}

TEST_F(Replay, SaysWhichDetectorsThereAre) {
  const auto wrong = run_netprobe({"replay", "-", "--alerts", "--detectors", "scan"},
                                  text_of(PcapBuilder().pcap_header(0xa1b2c3d4, 1)));
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("there is no detector 'scan'; there are: port_scan"));
  const auto alone = run_netprobe({"replay", "-", "--detectors", "port_scan"}, "");
  EXPECT_EQ(alone.exit_code, 2);
  EXPECT_THAT(alone.err, HasSubstr("--detectors needs --alerts"));
}

TEST_F(Replay, SaysWhichDetectorsSeeNothingInACapture) {
  const auto empty = text_of(PcapBuilder().pcap_header(0xa1b2c3d4, 1));
  for (const std::string name : {"dns_tunnel", "fast_flux", "neighbour_spoof", "threat_intel"}) {
    const auto run =
        run_netprobe({"replay", "-", "--alerts", "--detectors", "port_scan," + name}, empty);
    EXPECT_EQ(run.exit_code, 2) << name;
    EXPECT_THAT(run.err, HasSubstr("'" + name + "' finds nothing in a capture"));
    const auto without =
        run_netprobe({"replay", "-", "--alerts", "--detectors", "!" + name}, empty);
    EXPECT_EQ(without.exit_code, 0) << without.err;
  }
  const auto all = run_netprobe({"replay", "-", "--alerts", "--detectors", "all"}, empty);
  EXPECT_EQ(all.exit_code, 0) << all.err;
}

TEST(ReplayUsage, AlertsHaveNoFiltersAndNoWideTable) {
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--port", "443"}, {"--protocol", "tcp"}}) {
    std::vector<std::string> words{"replay", "-", "--alerts"};
    words.insert(words.end(), flags.begin(), flags.end());
    const auto run = run_netprobe(words, "");
    EXPECT_EQ(run.exit_code, 2) << flags[0];
    EXPECT_THAT(run.err, HasSubstr("filters are of flows"));
  }
  const auto wide = run_netprobe({"replay", "-", "--alerts", "-o", "wide"}, "");
  EXPECT_EQ(wide.exit_code, 2);
  EXPECT_THAT(wide.err, HasSubstr("-o wide is of flows"));
}

}  // namespace
}  // namespace netprobe
