// SPDX-License-Identifier: Apache-2.0
#include "prog/random_traffic.h"

#include <array>
#include <string>

namespace netprobe::test {
namespace {

constexpr std::array<std::uint8_t, 7> kTcpFlags{0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x10};

}  // namespace

// Few addresses and ports, so that packets meet in flows, in both directions.
Packet& RandomTraffic::ip(Packet& packet, bool inner) {
  const auto from = below(4);
  const auto to = (from + 1 + below(3)) % 4;
  const auto host = [](const char* network, std::uint32_t number) {
    return network + std::to_string(number + 1);
  };
  if (chance(2)) {
    const char* network = inner ? "fd99::" : "fd00::";
    return packet.ipv6({.src = host(network, from).c_str(),
                        .dst = host(network, to).c_str(),
                        .hop_limit = static_cast<std::uint8_t>(1 + below(255)),
                        .dscp = static_cast<std::uint8_t>(below(64)),
                        .flow_label = below(1 << 20)});
  }
  const char* network = inner ? "192.168.7." : "10.0.0.";
  return packet.ipv4({.src = host(network, from).c_str(),
                      .dst = host(network, to).c_str(),
                      .ttl = static_cast<std::uint8_t>(1 + below(255)),
                      .dscp = static_cast<std::uint8_t>(below(64)),
                      .id = static_cast<std::uint16_t>(below(65'536)),
                      .dont_fragment = chance(2)});
}

Packet& RandomTraffic::transport(Packet& packet) {
  switch (below(5)) {
    case 0:
      return packet.udp({.src = port(), .dst = port()}).payload(below(1'200));
    case 1:
      return packet.echo(static_cast<std::uint16_t>(below(4)), 1, chance(2)).payload(below(100));
    case 2:
      return packet.sctp({.src = port(), .dst = port()}).raw({.bytes = {11, 0, 0, 4}});
    default:
      return packet
          .tcp({.src = port(), .dst = port(), .flags = kTcpFlags[below(7)], .seq = below(100'000)})
          .payload(below(1'200));
  }
}

RandomTraffic::Frames RandomTraffic::tcp() {
  Packet packet = Packet().ether();
  ip(packet).tcp({.src = port(),
                  .dst = port(),
                  .flags = kTcpFlags[below(7)],
                  .seq = below(100'000),
                  .window = static_cast<std::uint16_t>(below(3) * 1'000),
                  .options = Bytes(below(9) * 4, 1)});
  return {packet.payload(below(1'400)).padded()};
}

RandomTraffic::Frames RandomTraffic::udp() {
  Packet packet = Packet().ether();
  return {ip(packet).udp({.src = port(), .dst = port()}).payload(below(1'400)).padded()};
}

RandomTraffic::Frames RandomTraffic::icmp() {
  Packet packet = Packet().ether();
  if (!chance(3)) {
    ip(packet).echo(static_cast<std::uint16_t>(below(5)), static_cast<std::uint16_t>(below(9)),
                    chance(2));
    return {packet.payload(below(200)).padded()};
  }
  Packet failed;
  transport(ip(failed));
  const bool v6 = chance(2);
  packet.ip(v6 ? "fd00::9" : "10.0.0.9", v6 ? "fd00::1" : "10.0.0.1");
  const auto type = static_cast<std::uint8_t>(v6 ? 1 + below(4) : (chance(2) ? 3 : 11));
  return {packet.icmp_error(type, 0, failed, 28 + below(200)).padded()};
}

RandomTraffic::Frames RandomTraffic::extensions() {
  Packet packet = Packet().ether();
  if (chance(3)) {
    packet.ipv4({.src = "10.0.0.1", .dst = "10.0.0.2", .options = Bytes(1 + below(40), 1)});
    if (chance(3)) packet.auth();
    return {transport(packet).padded()};
  }
  if (chance(4)) {
    ip(packet).raw({.bytes = Bytes(8 + below(64), 0),
                    .protocol = static_cast<std::uint8_t>(chance(2) ? 253 : 254)});
    return {packet.padded()};
  }
  packet.ipv6({.src = "fd00::1", .dst = chance(2) ? "fd00::2" : "fd00::3"});
  if (chance(2)) packet.hop_by_hop(static_cast<std::uint8_t>(below(4)));
  if (chance(3)) packet.destination(static_cast<std::uint8_t>(below(4)));
  if (chance(2)) packet.routing();
  if (chance(3)) packet.fragment({.id = below(1'000'000)});
  if (chance(3)) packet.auth({.words = static_cast<std::uint8_t>(1 + below(6))});
  if (chance(3)) packet.destination(static_cast<std::uint8_t>(below(4)));
  return {transport(packet).padded()};
}

RandomTraffic::Frames RandomTraffic::tagged() {
  Packet packet = Packet().ether();
  switch (below(8)) {
    case 0:
      return {packet.arp().padded()};
    case 1:
      return {packet.raw({.bytes = Bytes(46, 0), .ethertype = 0x88cc}).padded()};
    case 2:
      packet.snap();
      break;
    case 3:
      packet.pppoe();
      break;
    case 4:
      packet.mpls({16 + below(1'000), 16 + below(1'000)});
      break;
    case 5:
      packet.vlan({.id = static_cast<std::uint16_t>(below(4'095))}).mpls({16 + below(1'000)});
      break;
    case 6:
      packet.qinq(static_cast<std::uint16_t>(below(4'095)),
                  static_cast<std::uint16_t>(below(4'095)));
      break;
    default:
      packet.vlan({.id = static_cast<std::uint16_t>(below(4'095)), .priority = 3});
  }
  return {transport(ip(packet)).padded()};
}

Packet RandomTraffic::inner_ip() {
  Packet packet;
  transport(ip(packet, true));
  return packet;
}

Packet RandomTraffic::inner_frame() {
  Packet packet = Packet().ether();
  if (chance(8)) return packet.arp();
  if (chance(6)) packet.vlan({.id = static_cast<std::uint16_t>(below(4'095))});
  transport(ip(packet, true));
  return packet;
}

RandomTraffic::Frames RandomTraffic::vxlan() {
  Packet packet = Packet().ether();
  if (chance(4)) packet.vlan({.id = 5});
  const std::uint16_t to = chance(2) ? 4'789 : 8'472;
  ip(packet).udp({.src = port(), .dst = to}).vxlan({.vni = below(4) * 0x3fffff});
  return {packet.raw({.bytes = inner_frame().bytes()}).padded()};
}

RandomTraffic::Frames RandomTraffic::geneve() {
  Packet packet = Packet().ether();
  const Bytes option{1, 2, 0x10, 1, 9, 9, 9, 9};
  ip(packet)
      .udp({.src = port(), .dst = 6'081})
      .geneve(
          {.vni = below(3) * 0x7fffff, .options = chance(2) ? option : Bytes{}, .type = 0x6558});
  return {packet.raw({.bytes = inner_frame().bytes()}).padded()};
}

RandomTraffic::Frames RandomTraffic::ip_tunnels() {
  Packet packet = Packet().ether();
  ip(packet);
  const Packet inner = inner_ip();
  const Bytes bytes = inner.bytes();
  const bool v6 = bytes[0] >> 4 == 6;
  if (chance(2)) {
    Gre gre{.checksum = chance(3)};
    if (chance(2)) gre.key = below(4) * 0x01010101;
    if (chance(3)) gre.sequence = below(100);
    if (chance(3)) {
      gre.type = 0x6558;
      return {packet.gre(gre).raw({.bytes = inner_frame().bytes()}).padded()};
    }
    gre.type = v6 ? 0x86dd : 0x0800;
    return {packet.gre(gre).raw({.bytes = bytes}).padded()};
  }
  return {
      packet.raw({.bytes = bytes, .protocol = static_cast<std::uint8_t>(v6 ? 41 : 4)}).padded()};
}

RandomTraffic::Frames RandomTraffic::fragments() {
  Packet packet = Packet().ether();
  if (chance(4)) packet.vlan({.id = 8});
  ip(packet);
  if (chance(2))
    packet.udp({.src = port(), .dst = port()}).payload(600 + below(2'000));
  else
    packet.echo(static_cast<std::uint16_t>(below(5)), 1, chance(2)).payload(600 + below(2'000));
  return packet.fragments(8 * (40 + below(60)), below(65'536));
}

RandomTraffic::Frames RandomTraffic::any() {
  switch (below(9)) {
    case 0:
      return tcp();
    case 1:
      return udp();
    case 2:
      return icmp();
    case 3:
      return extensions();
    case 4:
      return tagged();
    case 5:
      return vxlan();
    case 6:
      return geneve();
    case 7:
      return ip_tunnels();
    default:
      return fragments();
  }
}

}  // namespace netprobe::test
