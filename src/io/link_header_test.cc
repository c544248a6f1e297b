// SPDX-License-Identifier: Apache-2.0
#include "io/link_header.h"

#include <gtest/gtest.h>

#include <array>

namespace netprobe {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes joined(Bytes head, const Bytes& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

struct Read {
  bool known;
  Bytes data;
  std::uint32_t wire_length;
  bool bare_ip;
  bool operator==(const Read&) const = default;
};

Read read(std::uint16_t link_type, const Bytes& data, std::uint32_t wire) {
  LinkHeaderReader reader;
  LinkFrame frame;
  const bool known = reader.read(link_type, data, wire, frame);
  return {known, Bytes(frame.data.begin(), frame.data.end()), frame.wire_length, frame.bare_ip};
}

const Bytes kPayload{0x45, 0, 0, 20, 1, 2, 3, 4};

Bytes ethernet(std::uint8_t high, std::uint8_t low) {
  Bytes header(12, 0);
  header.push_back(high);
  header.push_back(low);
  return joined(header, kPayload);
}

TEST(LinkHeader, EthernetIsTakenAsItIs) {
  EXPECT_EQ(read(1, kPayload, 99), (Read{true, kPayload, 99, false}));
}

TEST(LinkHeader, RawIsABareIpPacketUnderAllItsNumbers) {
  for (const std::uint16_t type : std::array<std::uint16_t, 5>{12, 14, 101, 228, 229})
    EXPECT_EQ(read(type, kPayload, 99), (Read{true, kPayload, 99, true})) << type;
}

TEST(LinkHeader, NullAndLoopInEitherByteOrderWithEverySystemsFamilies) {
  for (const std::uint8_t family : std::array<std::uint8_t, 5>{2, 10, 24, 28, 30}) {
    for (const std::uint16_t type : std::array<std::uint16_t, 2>{0, 108}) {
      EXPECT_EQ(read(type, joined({family, 0, 0, 0}, kPayload), 50),
                (Read{true, kPayload, 46, true}));
      EXPECT_EQ(read(type, joined({0, 0, 0, family}, kPayload), 50),
                (Read{true, kPayload, 46, true}));
    }
  }
}

TEST(LinkHeader, NullOfAnotherFamilyIsAFrameThatIsNotIp) {
  EXPECT_EQ(read(0, joined({0, 0, 0, 7}, kPayload), 12), (Read{true, ethernet(0, 0), 22, false}));
}

TEST(LinkHeader, CookedBecomesEthernetSoThatVlanAndArpAreParsed) {
  for (const auto& [high, low] : {std::pair<std::uint8_t, std::uint8_t>{0x08, 0x00},
                                  {0x81, 0x00},
                                  {0x88, 0x47},
                                  {0x08, 0x06}}) {
    Bytes sll(16, 0);
    sll[14] = high;
    sll[15] = low;
    EXPECT_EQ(read(113, joined(sll, kPayload), 100), (Read{true, ethernet(high, low), 98, false}));
    Bytes sll2(20, 0);
    sll2[0] = high;
    sll2[1] = low;
    EXPECT_EQ(read(276, joined(sll2, kPayload), 100), (Read{true, ethernet(high, low), 94, false}));
  }
}

TEST(LinkHeader, CookedNetlinkIsNotIp) {
  Bytes sll(16, 0);
  sll[2] = 824 >> 8;
  sll[3] = 824 & 0xff;
  sll[14] = 0x08;
  EXPECT_EQ(read(113, joined(sll, kPayload), 24), (Read{true, ethernet(0, 0), 22, false}));
}

TEST(LinkHeader, HeadersThatAreCutOffAreEmptyFrames) {
  EXPECT_TRUE(read(113, Bytes(15, 1), 100).data.empty());
  EXPECT_TRUE(read(276, Bytes(19, 1), 100).data.empty());
  EXPECT_TRUE(read(0, Bytes(3, 1), 100).data.empty());
}

TEST(LinkHeader, OthersAreNotKnownAndHaveNames) {
  EXPECT_FALSE(read(105, kPayload, 8).known);
  EXPECT_FALSE(read(65535, kPayload, 8).known);
  EXPECT_EQ(link_type_name(105), "ieee802_11 (105)");
  EXPECT_EQ(link_type_name(147), "147");
}

}  // namespace
}  // namespace netprobe
