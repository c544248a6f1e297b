// SPDX-License-Identifier: Apache-2.0
#include "probes/dns/name_decoder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "abi/flow_abi.h"
#include "abi/name_abi.h"

namespace netprobe {
namespace {

constexpr Nanos kToWall = 1'000 * kSecond;

/// "a.example" asked for from 10.0.0.9, as the program tells of it.
struct Told {
  np_dns_event event{};
  explicit Told(std::uint8_t id, bool response = false) {
    const std::vector<std::uint8_t> bytes{0,   id,  static_cast<std::uint8_t>(response ? 0x80 : 0),
                                          0,   0,   1,
                                          0,   0,   0,
                                          0,   0,   0,
                                          1,   'a', 7,
                                          'e', 'x', 'a',
                                          'm', 'p', 'l',
                                          'e', 0,   0,
                                          1,   0,   1};
    std::memcpy(event.data, bytes.data(), bytes.size());
    event.head.timestamp = 5 * kSecond;
    event.head.length = event.head.captured = static_cast<__u16>(bytes.size());
    event.head.kind = NP_NAME_DNS;
    event.head.ifindex = 3;
    const auto client = IpAddress::parse("10.0.0.9")->bytes();
    const auto server = IpAddress::parse("10.0.0.53")->bytes();
    std::memcpy(event.head.src_ip, (response ? server : client).data(), 16);
    std::memcpy(event.head.dst_ip, (response ? client : server).data(), 16);
    event.head.src_port = response ? NP_DNS_PORT : 4000;
    event.head.dst_port = response ? 4000 : NP_DNS_PORT;
  }
};

struct ToldArp {
  np_neighbour_event event{};
  explicit ToldArp(std::uint32_t ifindex) {
    const std::uint8_t bytes[]{0,  1, 8, 0, 6, 4, 0, 2, 2, 0, 0,  0, 0, 9,
                               10, 0, 0, 9, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1};
    std::memcpy(event.data, bytes, sizeof(bytes));
    event.head.timestamp = 5 * kSecond;
    event.head.length = event.head.captured = sizeof(bytes);
    event.head.kind = NP_NAME_ARP;
    event.head.ifindex = ifindex;
    event.head.vlan = NP_NO_VLAN;
  }
};

class NameDecoderTest : public ::testing::Test {
 protected:
  template <typename Event>
  void add(const Event& event) {
    decoder.add(std::as_bytes(std::span(&event, 1)), kToWall);
  }
  void add_link(std::uint32_t ifindex, const std::string& kind, std::uint32_t master = 0) {
    InterfaceInfo link;
    link.ifindex = ifindex;
    link.name = (kind.empty() ? "eth" : kind) + std::to_string(ifindex);
    link.kind = kind;
    link.master = master;
    decoder.on_interface(link);
  }
  NameDecoder decoder;
};

TEST_F(NameDecoderTest, KnowsClientAndServerOfBothWays) {
  add(Told(1).event);
  add(Told(1, true).event);
  const auto batch = decoder.take();
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->dns.size(), 2U);
  for (const DnsMessage& message : batch->dns) {
    EXPECT_EQ(message.client.to_string(), "10.0.0.9");
    EXPECT_EQ(message.server.to_string(), "10.0.0.53");
    EXPECT_EQ(message.client_port, 4000);
    EXPECT_EQ(message.time, 1'005'000'000);
    EXPECT_EQ(message.name, "a.example");
  }
  EXPECT_FALSE(decoder.take());
}

TEST_F(NameDecoderTest, OneMessageAtManyInterfacesIsOne) {
  Told told(1);
  for (const __u32 ifindex : {3U, 4U, 5U}) {
    told.event.head.ifindex = ifindex;
    // Translated on its way.
    if (ifindex == 5) told.event.head.src_ip[15] = 77;
    add(told.event);
  }
  add(Told(2).event);
  told.event.head.timestamp += 5 * kSecond;  // the client asks again
  add(told.event);
  EXPECT_EQ(decoder.take()->dns.size(), 3U);
  EXPECT_EQ(decoder.stats().repeated, 2U);
}

TEST_F(NameDecoderTest, PortsOfOneBridgeAreOneLink) {
  for (const std::uint32_t port : {3U, 4U}) add_link(port, "veth", 9);
  add_link(9, "bridge");
  add(ToldArp(3).event);
  add(ToldArp(4).event);
  add(ToldArp(9).event);
  add(ToldArp(12).event);  // another link
  const auto batch = decoder.take();
  ASSERT_EQ(batch->neighbours.size(), 2U);
  EXPECT_EQ(batch->neighbours[0].link, 9U);
  EXPECT_EQ(batch->neighbours[0].interface, "veth3");
  EXPECT_EQ(batch->neighbours[0].vlan, 0);
  EXPECT_EQ(batch->neighbours[1].link, 12U);
}

TEST_F(NameDecoderTest, APortOfABondOfABridgeIsOnTheBridge) {
  add_link(3, "", 8);
  add_link(8, "bond", 9);
  add_link(9, "bridge");
  add(ToldArp(3).event);
  const auto batch = decoder.take();
  ASSERT_EQ(batch->neighbours.size(), 1U);
  EXPECT_EQ(batch->neighbours[0].link, 9U);
}

TEST_F(NameDecoderTest, PortsOfASwitchAndOfAVrfAreLinksOfTheirOwn) {
  for (const std::uint32_t port : {3U, 4U}) add_link(port, "veth", 9);
  for (const std::uint32_t port : {5U, 6U}) add_link(port, "", 10);
  add_link(7, "veth", 11);  // of a master that nobody told of
  add_link(9, "openvswitch");
  add_link(10, "vrf");
  for (const std::uint32_t port : {3U, 4U, 5U, 6U, 7U}) add(ToldArp(port).event);
  const auto batch = decoder.take();
  ASSERT_EQ(batch->neighbours.size(), 5U);
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_EQ(batch->neighbours[i].link, 3 + i);
}

TEST_F(NameDecoderTest, CountsWhatIsNoMessage) {
  Told told(1);
  told.event.head.captured = 5;
  add(told.event);
  Told false_answer(2, true);  // not from the port of DNS
  false_answer.event.head.src_port = 4001;
  add(false_answer.event);
  decoder.add({}, kToWall);
  EXPECT_EQ(decoder.stats().malformed, 3U);
  EXPECT_FALSE(decoder.take());
}

TEST_F(NameDecoderTest, OtherOpcodesAreNotMalformed) {
  for (const std::uint8_t opcode : {std::uint8_t{4}, std::uint8_t{5}}) {  // NOTIFY, UPDATE
    Told told(opcode);
    told.event.data[2] = static_cast<std::uint8_t>(opcode << 3U);
    add(told.event);
  }
  Told elsewhere(6);  // and what is not at the port is no DNS at all
  elsewhere.event.data[2] = 5U << 3U;
  elsewhere.event.head.src_port = elsewhere.event.head.dst_port = 54;
  add(elsewhere.event);
  EXPECT_EQ(decoder.stats().other_opcode, 2U);
  EXPECT_EQ(decoder.stats().malformed, 1U);
  EXPECT_FALSE(decoder.take());
}

TEST_F(NameDecoderTest, NeverReadsBehindARecord) {
  Told told(1);
  told.event.head.captured = 0xffff;
  decoder.add(std::as_bytes(std::span(&told.event, 1)).first(sizeof(np_name_head) + 20), kToWall);
  EXPECT_EQ(decoder.stats().malformed, 1U);
}

}  // namespace
}  // namespace netprobe
