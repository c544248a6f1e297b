// SPDX-License-Identifier: Apache-2.0
#include "io/pcap_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "io/testing/pcap_builder.h"

namespace netprobe {
namespace {

using ::testing::HasSubstr;
using testing::PcapBuilder;

struct Seen {
  std::string data;
  std::uint32_t wire_length;
  std::uint16_t link_type;
  std::uint32_t interface;
  Nanos time;
  bool operator==(const Seen&) const = default;
};

struct Outcome {
  std::vector<Seen> packets;
  CaptureRead end = CaptureRead::kPacket;
  std::string error;
};

/// Gives a few bytes a time, as a pipe may.
class SlowSource final : public ByteSource {
 public:
  explicit SlowSource(std::span<const std::uint8_t> bytes) : memory_(bytes) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    return memory_.read(into.first(std::min<std::size_t>(into.size(), 3)));
  }

 private:
  MemorySource memory_;
};

Outcome read_all(ByteSource& source) {
  Outcome outcome;
  auto reader = PcapReader::open(source);
  if (!reader) return {{}, CaptureRead::kPacket, reader.error().message};
  for (;;) {
    CapturedPacket packet;
    const auto read = reader->next(packet);
    if (!read) {
      outcome.error = read.error().message;
      return outcome;
    }
    outcome.end = *read;
    if (*read != CaptureRead::kPacket) return outcome;
    outcome.packets.push_back({std::string(packet.data.begin(), packet.data.end()),
                               packet.wire_length, packet.link_type, packet.interface,
                               packet.time});
  }
}

Outcome read_all(const PcapBuilder& built) {
  MemorySource source(built.bytes());
  return read_all(source);
}

class EitherOrder : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(ByteOrder, EitherOrder, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Swapped" : "Native"; });

TEST_P(EitherOrder, PcapWithMicroseconds) {
  const auto seen = read_all(PcapBuilder(GetParam())
                                 .pcap_header(0xa1b2c3d4, 1)
                                 .pcap_packet(1'700'000'000, 123'456, "abcdef", 60)
                                 .pcap_packet(1'700'000'001, 1, "", 0));
  EXPECT_EQ(seen.end, CaptureRead::kEnd) << seen.error;
  EXPECT_EQ(seen.packets, (std::vector<Seen>{{"abcdef", 60, 1, 1, 1'700'000'000'123'456'000},
                                             {"", 0, 1, 1, 1'700'000'001'000'001'000}}));
}

TEST_P(EitherOrder, PcapWithNanosecondsAndFcsLengthInTheLinkType) {
  const auto seen = read_all(
      PcapBuilder(GetParam()).pcap_header(0xa1b23c4d, 0x54000000 | 276).pcap_packet(5, 7, "xy", 2));
  EXPECT_EQ(seen.packets, (std::vector<Seen>{{"xy", 2, 276, 1, 5'000'000'007}}));
}

TEST_P(EitherOrder, PcapngWithAllKindsOfPackets) {
  const auto seen = read_all(PcapBuilder(GetParam())
                                 .section()
                                 .interface(1)
                                 .interface_with_time(101, 9, 100)
                                 .enhanced(0, 1'500'000, "one", 9)
                                 .enhanced(1, 42, "four", 4)
                                 .obsolete(0, 2'000'000, "old", 3)
                                 .simple("simple", 6));
  EXPECT_EQ(seen.end, CaptureRead::kEnd) << seen.error;
  EXPECT_EQ(seen.packets, (std::vector<Seen>{{"one", 9, 1, 1, 1'500'000'000},
                                             {"four", 4, 101, 2, 100'000'000'042},
                                             {"old", 3, 1, 1, 2'000'000'000},
                                             {"simple", 6, 1, 1, 2'000'000'000}}));
}

TEST(Pcapng, SectionsOfBothOrdersEachWithItsOwnInterfaces) {
  PcapBuilder first(false);
  first.section().interface(1).enhanced(0, 1, "a", 1);
  PcapBuilder second(true);
  second.section().interface(113).enhanced(0, 2, "b", 1);
  PcapBuilder both;
  for (const auto* part : {&first, &second})
    both.raw({reinterpret_cast<const char*>(part->bytes().data()), part->bytes().size()});
  const auto seen = read_all(both);
  EXPECT_EQ(seen.packets, (std::vector<Seen>{{"a", 1, 1, 1, 1'000}, {"b", 1, 113, 1, 2'000}}));
}

TEST(Pcapng, ResolutionsInPowersOfTenAndTwo) {
  const auto seen = read_all(PcapBuilder()
                                 .section()
                                 .interface_with_time(1, 0, 0)
                                 .interface_with_time(1, 12, 0)
                                 .interface_with_time(1, 0x80 | 10, 0)
                                 .interface_with_time(1, 0x80 | 127, 0)
                                 .interface_with_time(1, 127, static_cast<std::uint64_t>(-3))
                                 .enhanced(0, 7, "", 0)
                                 .enhanced(1, 7'000'000'001'999, "", 0)
                                 .enhanced(2, 1024 + 512, "", 0)
                                 .enhanced(3, ~0ULL, "", 0)
                                 .enhanced(4, ~0ULL, "", 0));
  std::vector<Nanos> times;
  for (const auto& packet : seen.packets) times.push_back(packet.time);
  EXPECT_EQ(times, (std::vector<Nanos>{7 * kSecond, 7'000'000'001, kSecond + kSecond / 2, 0,
                                       -3 * kSecond}));
}

TEST(Pcapng, TimesBeyondTheClockAreBounded) {
  const auto seen = read_all(PcapBuilder()
                                 .section()
                                 .interface_with_time(1, 0, 0x7fffffffffffffff)
                                 .interface_with_time(1, 0, 0x8000000000000000)
                                 .enhanced(0, ~0ULL, "", 0)
                                 .enhanced(1, 0, "", 0));
  ASSERT_EQ(seen.packets.size(), 2U);
  EXPECT_GT(seen.packets[0].time, 0);
  EXPECT_LT(seen.packets[1].time, 0);
}

TEST(Pcapng, UnknownBlocksAreSkippedAtAnySize) {
  PcapBuilder large;
  large.raw(std::string(17 * 1024 * 1024, 'x'));
  const auto seen = read_all(PcapBuilder()
                                 .section()
                                 .block(0xbad, large)
                                 .interface(1)
                                 .block(5, PcapBuilder().u32(0))
                                 .enhanced(0, 1, "a", 1));
  EXPECT_EQ(seen.end, CaptureRead::kEnd) << seen.error;
  EXPECT_EQ(seen.packets.size(), 1U);
}

TEST(Pcapng, SimplePacketsEndAtTheSnapLength) {
  const auto seen = read_all(PcapBuilder().section().interface(1, 4).simple("abcdefgh", 100));
  EXPECT_EQ(seen.packets, (std::vector<Seen>{{"abcd", 100, 1, 1, 0}}));
}

TEST(PcapReader, WireLengthIsNeverBelowWhatWasCaptured) {
  const auto seen = read_all(PcapBuilder().pcap_header(0xa1b2c3d4, 1).pcap_packet(0, 0, "abc", 0));
  ASSERT_EQ(seen.packets.size(), 1U);
  EXPECT_EQ(seen.packets[0].wire_length, 3U);
}

TEST(PcapReader, WhatIsNoCaptureIsSaidInOneSentence) {
  EXPECT_EQ(read_all(PcapBuilder()).error, "it is empty");
  EXPECT_THAT(read_all(PcapBuilder().raw("ab")).error, HasSubstr("too short"));
  EXPECT_THAT(read_all(PcapBuilder().raw("\x1f\x8b\x08 gzip")).error, HasSubstr("gzip"));
  EXPECT_THAT(read_all(PcapBuilder().raw("\x28\xb5\x2f\xfd zstd")).error, HasSubstr("zstd"));
  EXPECT_THAT(read_all(PcapBuilder().u32(0xa1b2cd34)).error, HasSubstr("modified pcap"));
  EXPECT_THAT(read_all(PcapBuilder().raw("hello, world")).error,
              HasSubstr("neither a pcap nor a pcapng"));
}

TEST(PcapReader, LengthsThatCannotBeAreErrors) {
  const auto pcap = read_all(
      PcapBuilder().pcap_header(0xa1b2c3d4, 1).u32(0).u32(0).u32(0xfffffff0).u32(0xfffffff0));
  EXPECT_THAT(pcap.error, HasSubstr("at byte 24: a packet of 4294967280 bytes"));
  const auto head = [] { return PcapBuilder().section().interface(1); };
  EXPECT_THAT(read_all(head().u32(6).u32(0xfffffff0).u32(0)).error, HasSubstr("longer than any"));
  EXPECT_THAT(read_all(head().u32(6).u32(8).u32(0)).error, HasSubstr("a block cannot have 8"));
  EXPECT_THAT(read_all(head().u32(6).u32(33).u32(0)).error, HasSubstr("a block cannot have 33"));
  EXPECT_THAT(read_all(head().u32(0xbad).u32(0).u32(0)).error, HasSubstr("cannot have 0"));
  EXPECT_THAT(read_all(head().u32(6).u32(16).u32(0).u32(20)).error, HasSubstr("lengths differ"));
  EXPECT_THAT(read_all(head().enhanced(1, 0, "a", 1)).error, HasSubstr("not described"));
  EXPECT_THAT(
      read_all(head().block(6, PcapBuilder().u32(0).u32(0).u32(0).u32(9).u32(9).u32(1))).error,
      HasSubstr("does not fit its block"));
  EXPECT_THAT(read_all(head().block(6, PcapBuilder().u32(0))).error, HasSubstr("cut short"));
  EXPECT_THAT(read_all(PcapBuilder().section().simple("a", 1)).error, HasSubstr("not described"));
  EXPECT_THAT(
      read_all(head().block(1, PcapBuilder().u16(1).u16(0).u32(0).u16(9).u16(99).u32(0))).error,
      HasSubstr("option is cut short"));
}

/// Every prefix gives the packets that are whole in it, and says whether it
/// ends between two of them.
void expect_prefixes(const PcapBuilder& built, const std::vector<std::size_t>& boundaries) {
  const auto whole = read_all(built);
  ASSERT_EQ(whole.end, CaptureRead::kEnd) << whole.error;
  for (std::size_t size = 4; size < built.bytes().size(); ++size) {
    SlowSource source(std::span(built.bytes()).first(size));
    const auto cut = read_all(source);
    ASSERT_EQ(cut.error, "") << "cut at " << size;
    const bool clean = std::ranges::find(boundaries, size) != boundaries.end();
    EXPECT_EQ(cut.end, clean ? CaptureRead::kEnd : CaptureRead::kTruncated) << "cut at " << size;
    ASSERT_LE(cut.packets.size(), whole.packets.size());
    for (std::size_t i = 0; i < cut.packets.size(); ++i)
      EXPECT_EQ(cut.packets[i], whole.packets[i]) << "cut at " << size;
  }
}

TEST_P(EitherOrder, PcapTruncatedAtEveryByte) {
  PcapBuilder built(GetParam());
  std::vector<std::size_t> boundaries;
  boundaries.push_back(built.pcap_header(0xa1b2c3d4, 1).bytes().size());
  boundaries.push_back(built.pcap_packet(1, 2, "abcde", 5).bytes().size());
  built.pcap_packet(3, 4, "fg", 2);
  expect_prefixes(built, boundaries);
}

TEST_P(EitherOrder, PcapngTruncatedAtEveryByte) {
  PcapBuilder built(GetParam());
  std::vector<std::size_t> boundaries;
  boundaries.push_back(built.section().bytes().size());
  boundaries.push_back(built.interface_with_time(1, 9, 0).bytes().size());
  boundaries.push_back(built.enhanced(0, 5, "abcde", 5).bytes().size());
  boundaries.push_back(built.block(0xbad, PcapBuilder().u64(1)).bytes().size());
  boundaries.push_back(built.simple("xyz", 3).bytes().size());
  built.obsolete(0, 6, "fg", 2);
  expect_prefixes(built, boundaries);
}

TEST(PcapReader, PacketsLargerThanTheReadAhead) {
  const std::string large(kMaxCapturedLength, 'p');
  const auto seen = read_all(PcapBuilder()
                                 .pcap_header(0xa1b2c3d4, 1)
                                 .pcap_packet(0, 0, "a", 1)
                                 .pcap_packet(0, 0, large, kMaxCapturedLength)
                                 .pcap_packet(0, 0, "b", 1));
  ASSERT_EQ(seen.packets.size(), 3U);
  EXPECT_EQ(seen.packets[1].data, large);
  EXPECT_EQ(seen.packets[2].data, "b");
}

}  // namespace
}  // namespace netprobe
