// SPDX-License-Identifier: Apache-2.0
// Tunnel packets that a router's firewall drops: what was in them is told, and
// where nothing true can be told, nothing is.
#include <sys/stat.h>

#include "drops.h"

namespace netprobe::test {
namespace {

Packet outer(bool v6 = false) {
  return v6 ? Packet().ether().ip("fd09:1::2", "fd09:2::2")
            : Packet().ether().ip("10.9.1.2", "10.9.2.2");
}
Packet outer_udp(std::uint16_t port, bool v6 = false) {
  return outer(v6).udp({.src = 50'000, .dst = port});
}
/// Inner packets are told apart by this port.
Packet& inner(Packet& packet, std::uint16_t port, bool v6 = false) {
  return packet.ip(v6 ? "fd44::1" : "10.44.0.1", v6 ? "fd44::2" : "10.44.0.2")
      .tcp({.src = 1234, .dst = port});
}

struct Case {
  Packet packet;
  std::uint16_t port;
  std::string tunnel;
  int vni;  ///< negative: it has none
  bool v6 = false;
};

class DropsInTunnels : public Drops {
 protected:
  void SetUp() override {
    Drops::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    nft(*router_, "forward", "meta nfproto { ipv4, ipv6 } drop");
  }
  /// Drops of this router's firewall, in all.
  std::uint64_t sum() {
    struct stat info{};
    EXPECT_EQ(::stat(router_->path().c_str(), &info), 0);
    const Json page =
        agent_->json("/api/drops?by=reason&hook=netfilter&netns=" + std::to_string(info.st_ino));
    std::uint64_t count = 0;
    for (const auto drop : simdjson::dom::array(page["drops"])) count += number_of(drop, "count");
    return count;
  }
};

TEST_F(DropsInTunnels, TheInsideIsTold) {
  std::vector<Case> cases;
  const auto add = [&](Packet packet, const char* tunnel, int vni, bool v6 = false) {
    const auto port = static_cast<std::uint16_t>(8001 + cases.size());
    cases.push_back({inner(packet, port, v6).payload(40), port, tunnel, vni, v6});
  };
  for (const bool around : {false, true})
    for (const bool inside : {false, true}) {
      add(outer_udp(8472, around).vxlan({.vni = 42}).ether(), "vxlan", 42, inside);
      add(outer_udp(6081, around).geneve({.vni = 7}).ether(), "geneve", 7, inside);
      add(outer(around).gre(), "gre", -1, inside);
      add(outer(around), "ipip", -1, inside);
    }
  add(outer_udp(4789).vxlan({.vni = 0xffffff}).ether().vlan({.id = 5}), "vxlan", 0xffffff);
  add(outer_udp(6081).geneve({.vni = 1, .options = Bytes(8)}).ether(), "geneve", 1);
  add(outer().gre({.key = 77, .sequence = 1, .checksum = true}), "gre", 77);
  add(outer(true).hop_by_hop().destination().udp({.src = 9, .dst = 8472}).vxlan({.vni = 3}).ether(),
      "vxlan", 3);
  for (const Case& each : cases) send_frames(each.packet, 3);
  for (const Case& each : cases) {
    SCOPED_TRACE(each.tunnel + " " + std::to_string(each.port));
    const std::string path = "/api/drops?src_port=1234&dst_port=" + std::to_string(each.port);
    std::uint64_t count = 0;
    (void)eventually(
        [&] {
          const Json page = agent_->json(path);
          count = 0;
          for (const auto drop : simdjson::dom::array(page["drops"]))
            count += number_of(drop, "count");
          return count >= 3;
        },
        10 * kSecond);
    const Json page = agent_->json(path);
    const simdjson::dom::array drops = page["drops"];
    ASSERT_EQ(drops.size(), 1U) << simdjson::minify(page.root());
    const auto drop = drops.at(0).value();
    EXPECT_EQ(count, 3U);
    EXPECT_EQ(number_of(drop, "bytes"), 3 * each.packet.ip_bytes().size());
    EXPECT_EQ(text_of(drop, "tunnel"), each.tunnel);
    EXPECT_EQ(text_of(drop, "inner_src_ip"), each.v6 ? "fd44::1" : "10.44.0.1");
    EXPECT_EQ(text_of(drop, "inner_dst_ip"), each.v6 ? "fd44::2" : "10.44.0.2");
    EXPECT_EQ(text_of(drop, "inner_protocol"), "tcp");
    simdjson::dom::element vni;
    ASSERT_EQ(drop["vni"].get(vni) == simdjson::SUCCESS, each.vni >= 0);
    if (each.vni >= 0) EXPECT_EQ(number_of(drop, "vni"), static_cast<std::uint64_t>(each.vni));
  }
  EXPECT_EQ(sum(), 3 * cases.size());
}

TEST_F(DropsInTunnels, OfWhatIsNoneNothingIsTold) {
  std::vector<Bytes> frames;
  const auto add = [&](Packet packet) { frames.push_back(inner(packet, 80).payload(40).bytes()); };
  add(outer_udp(8473).vxlan().ether());              // a port like any other
  add(outer_udp(8472).vxlan({.flags = 0}).ether());  // no VNI: not valid
  add(outer_udp(6081).geneve({.version = 1}).ether());
  add(outer().gre({.version = 1}));
  frames.push_back(outer_udp(8472).vxlan().ether().arp().bytes());
  frames.push_back(outer_udp(8472).payload(3).bytes());
  // Ends within the inner addresses.
  frames.push_back(outer_udp(8472)
                       .vxlan()
                       .ether()
                       .raw({.bytes = Bytes{0x45, 0, 0, 40, 0, 0}, .ethertype = 0x0800})
                       .bytes());
  for (const Bytes& frame : frames) send_frames(frame, 2);
  EXPECT_TRUE(eventually([&] { return sum() >= 2 * frames.size(); })) << sum();
  EXPECT_EQ(sum(), 2 * frames.size());
  const Json page = agent_->json("/api/drops?limit=1000&src_ip=10.9.1.2&dst_ip=10.9.2.2");
  std::uint64_t count = 0;
  for (const auto drop : simdjson::dom::array(page["drops"])) {
    simdjson::dom::element told;
    EXPECT_NE(drop["tunnel"].get(told), simdjson::SUCCESS) << simdjson::minify(drop);
    EXPECT_NE(drop["inner_src_ip"].get(told), simdjson::SUCCESS) << simdjson::minify(drop);
    count += number_of(drop, "count");
  }
  EXPECT_EQ(count, 2 * frames.size()) << simdjson::minify(page.root());
}

}  // namespace
}  // namespace netprobe::test
