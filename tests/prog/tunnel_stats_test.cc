// SPDX-License-Identifier: Apache-2.0
// vxlan_stats and vxlan_events: what packets add to them.
#include <algorithm>
#include <map>

#include "probes/vxlan/tunnel_reader.h"
#include "prog/replay.h"

namespace netprobe::test {
namespace {

/// Packets through the flow program, and what it counted of tunnels.
class Tunnels {
 public:
  explicit Tunnels(const FlowReplayer::Options& options = {}) : replay_(options) {
    auto maps = replay_.tunnel_maps();
    EXPECT_TRUE(maps) << maps.error().message;
    if (!maps) return;
    auto reader = TunnelReader::make(std::move(*maps),
                                     [this](const np_tunnel_event& e) { events_.push_back(e); });
    EXPECT_TRUE(reader) << reader.error().message;
    if (reader) reader_.emplace(std::move(*reader));
  }
  Replay& replay() { return replay_; }
  std::vector<TunnelRow> rows() {
    auto rows = reader_->rows();
    EXPECT_TRUE(rows) << rows.error().message;
    std::ranges::sort(*rows, {}, &TunnelRow::key);
    return *rows;
  }
  const std::vector<np_tunnel_event>& events() {
    reader_->poll();
    return events_;
  }
  TunnelReader& reader() { return *reader_; }
  std::uint64_t packets() {
    std::uint64_t sum = 0;
    for (const auto& row : rows()) sum += row.counters.packets;
    return sum;
  }

 private:
  Replay replay_;
  std::vector<np_tunnel_event> events_;
  std::optional<TunnelReader> reader_;
};

using TunnelStatsTest = ProgTest;

Packet inner(Packet outside, std::size_t payload = 50) {
  return outside.ip("192.168.0.1", "192.168.0.2").tcp({.flags = 0x18}).payload(payload);
}
Packet vxlan(const char* src, const char* dst, std::uint32_t vni) {
  return Packet().ether().ip(src, dst).udp({.dst = 4'789}).vxlan({.vni = vni}).ether();
}

struct Case {
  const char* what;
  Packet outside;
  Tunnel kind;
  std::uint32_t vni;
  std::uint64_t around;
  bool v6;
};

TEST_F(TunnelStatsTest, EveryKindByVniAndOuterPair) {
  const Packet v4 = Packet().ether().ipv4();
  const Packet v6 = Packet().ether().ipv6();
  const Case cases[] = {
      {"vxlan", Packet(v4).udp({.dst = 4'789}).vxlan({.vni = 42}).ether(), Tunnel::kVxlan, 42, 50,
       false},
      {"vxlan over IPv6", Packet(v6).udp({.dst = 8'472}).vxlan({.vni = 7}).ether(), Tunnel::kVxlan,
       7, 70, true},
      {"vxlan in a VLAN",
       Packet().ether().vlan({.id = 3}).ipv4().udp({.dst = 4'789}).vxlan({.vni = 9}).ether(),
       Tunnel::kVxlan, 9, 50, false},
      {"geneve", Packet(v4).udp({.dst = 6'081}).geneve({.vni = 0xffffff}).ether(), Tunnel::kGeneve,
       0xffffff, 50, false},
      {"geneve over IPv6", Packet(v6).udp({.dst = 6'081}).geneve({.vni = 1}).ether(),
       Tunnel::kGeneve, 1, 70, true},
      {"gre", Packet(v4).gre(), Tunnel::kGre, 0, 24, false},
      {"gre with a key over IPv6", Packet(v6).gre({.key = 77}), Tunnel::kGre, 77, 48, true},
      {"ip in IPv4", v4, Tunnel::kIpip, 0, 20, false},
      {"ip in IPv6", v6, Tunnel::kIpip, 0, 40, true},
  };
  Tunnels tunnels;
  std::size_t kinds = 0;
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    ++kinds;
    const std::uint64_t bytes = one.around + 20 + 20 + 50;
    for (int i = 0; i < 3; ++i) tunnels.replay().push(inner(one.outside));
    const auto rows = tunnels.rows();
    ASSERT_EQ(rows.size(), kinds);
    const auto found = std::ranges::find_if(rows, [&](const TunnelRow& row) {
      return row.key.kind == one.kind && row.key.vni == one.vni &&
             row.key.outer_src.is_v4() != one.v6;
    });
    ASSERT_NE(found, rows.end());
    EXPECT_EQ(found->counters, (Counters{3, 3 * bytes}));
    EXPECT_EQ(found->fragments, 0U);
    EXPECT_EQ(found->key.outer_src.to_string(), one.v6 ? "fd00::1" : "10.0.0.1");
    EXPECT_EQ(found->key.outer_dst.to_string(), one.v6 ? "fd00::2" : "10.0.0.2");
    EXPECT_EQ(found->key.direction, Direction::kIngress);
    EXPECT_EQ(found->key.ifindex, 1U);
    EXPECT_EQ(found->last_seen - found->first_seen, 2 * kMillisecond);
    // One event for its first packet.
    ASSERT_EQ(tunnels.events().size(), kinds);
    const auto& event = tunnels.events().back();
    EXPECT_EQ(event.vni, one.vni);
    EXPECT_EQ(event.kind, static_cast<int>(one.kind));
    EXPECT_EQ(event.packet_len, bytes);
    EXPECT_EQ(event.timestamp, static_cast<std::uint64_t>(found->first_seen));
    EXPECT_EQ(event.inner_proto, kProtoTcp);
    EXPECT_EQ(IpAddress(std::span<const std::uint8_t, 16>(event.inner_src_ip)).to_string(),
              "192.168.0.1");
    EXPECT_EQ(IpAddress(std::span<const std::uint8_t, 16>(event.outer_dst_ip)),
              found->key.outer_dst);
  }
  EXPECT_EQ(tunnels.packets(), tunnels.replay().counters().inner_packets);
  tunnels.replay().expect_exact();
}

TEST_F(TunnelStatsTest, DirectionsVnisAndPairsAreApart) {
  Tunnels tunnels;
  std::map<TunnelKey, Counters> sent;
  for (std::uint32_t i = 0; i < 300; ++i) {
    const std::uint32_t vni = i % 5;
    const bool back = i % 3 == 0;
    const Packet packet =
        inner(vxlan(back ? "10.0.0.2" : "10.0.0.1", back ? "10.0.0.1" : "10.0.0.2", vni), i);
    tunnels.replay().push(packet, {.interface = 1 + i % 2});
    const auto a = IpAddress::v4(0x0a000001);
    const auto b = IpAddress::v4(0x0a000002);
    sent[{Tunnel::kVxlan, vni, back ? b : a, back ? a : b, Direction::kIngress, 1 + i % 2}] +=
        {1, packet.bytes().size() - 14};
  }
  std::map<TunnelKey, Counters> counted;
  for (const auto& row : tunnels.rows()) counted[row.key] = row.counters;
  EXPECT_EQ(counted, sent);
}

TEST_F(TunnelStatsTest, WhatIsInsideNeedNotBeIp) {
  Tunnels tunnels;
  tunnels.replay().push(vxlan("10.0.0.1", "10.0.0.2", 42).arp());
  ASSERT_EQ(tunnels.rows().size(), 1U);
  EXPECT_EQ(tunnels.rows()[0].key.vni, 42U);
  EXPECT_EQ(tunnels.rows()[0].counters.packets, 1U);
  ASSERT_EQ(tunnels.events().size(), 1U);
  EXPECT_TRUE(IpAddress(std::span<const std::uint8_t, 16>(tunnels.events()[0].inner_src_ip))
                  .is_unspecified());
}

TEST_F(TunnelStatsTest, ATunnelInATunnelIsTwo) {
  Tunnels tunnels;
  tunnels.replay().push(
      inner(vxlan("10.0.0.1", "10.0.0.2", 5).ip("10.9.0.1", "10.9.0.2").gre({.key = 6})));
  const auto rows = tunnels.rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].key.kind, Tunnel::kVxlan);
  EXPECT_EQ(rows[0].key.vni, 5U);
  EXPECT_EQ(rows[1].key.kind, Tunnel::kGre);
  EXPECT_EQ(rows[1].key.vni, 6U);
  EXPECT_EQ(rows[1].key.outer_src.to_string(), "10.9.0.1");
  EXPECT_EQ(rows[0].counters.bytes, rows[1].counters.bytes + 50);
}

// Cut anywhere: a row appears when the tunnel's own header is there, and never
// with a wrong number in it.
TEST_F(TunnelStatsTest, TruncatedPackets) {
  const Bytes whole = inner(vxlan("10.0.0.1", "10.0.0.2", 42)).bytes();
  Tunnels tunnels;
  constexpr std::size_t kWithVxlan = 14 + 20 + 8 + 8;
  std::uint64_t with_header = 0;
  for (std::size_t size = 34; size <= whole.size(); ++size) {
    tunnels.replay().push(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
                          {.wire_length = static_cast<std::uint32_t>(whole.size())});
    with_header += size >= kWithVxlan ? 1 : 0;
  }
  const auto rows = tunnels.rows();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].key.vni, 42U);
  EXPECT_EQ(rows[0].counters, (Counters{with_header, with_header * (whole.size() - 14)}));
  tunnels.replay().expect_exact();
}

TEST_F(TunnelStatsTest, FragmentsOfTheOuterPacket) {
  Tunnels tunnels;
  const auto pieces = inner(vxlan("10.0.0.1", "10.0.0.2", 42), 1'400).fragments(1'000, 77);
  ASSERT_EQ(pieces.size(), 2U);
  tunnels.replay().push(pieces);
  const auto rows = tunnels.rows();
  ASSERT_EQ(rows.size(), 1U);
  // The first has the header; the later one is in the outer flow alone.
  EXPECT_EQ(rows[0].counters.packets, 1U);
  EXPECT_EQ(rows[0].fragments, 1U);
}

TEST_F(TunnelStatsTest, WhatTheMapHasNoRoomForIsCounted) {
  Tunnels tunnels({.max_tunnels = 16});
  for (std::uint32_t vni = 0; vni < 100; ++vni)
    for (int i = 0; i < 2; ++i) tunnels.replay().push(inner(vxlan("10.0.0.1", "10.0.0.2", vni)));
  EXPECT_LE(tunnels.rows().size(), 16U + 2U);  // the kernel keeps a spare for each CPU
  EXPECT_GE(tunnels.rows().size(), 16U);
  EXPECT_EQ(tunnels.packets() + tunnels.reader().folded(), 200U);
  EXPECT_EQ(tunnels.events().size(), tunnels.rows().size());
  // What leaves makes room, and has been counted.
  const auto first = tunnels.rows().front();
  const auto last = tunnels.reader().remove(first.key);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->counters, first.counters);
  EXPECT_FALSE(tunnels.reader().remove(first.key));
  const auto rows = tunnels.rows().size();
  tunnels.replay().push(inner(vxlan("10.0.0.1", "10.0.0.2", 1'000)));
  EXPECT_EQ(tunnels.rows().size(), rows + 1);
}

TEST_F(TunnelStatsTest, PlainPacketsLeaveNoTrace) {
  Tunnels tunnels;
  tunnels.replay().push(inner(Packet().ether()));
  tunnels.replay().push(Packet().ether().ipv6().udp({.src = 4'789, .dst = 53}).payload(30));
  EXPECT_TRUE(tunnels.rows().empty());
  EXPECT_TRUE(tunnels.events().empty());
}

}  // namespace
}  // namespace netprobe::test
