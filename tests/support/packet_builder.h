// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "support/packet_layers.h"

namespace netprobe::test {

/// A packet, header by header from the outside in:
///
///   Packet().ether().vlan({.id = 7}).ipv4({.ttl = 3}).udp({.dst = 4789})
///       .vxlan({.vni = 42}).ether().ipv4().tcp({.flags = kTcpSyn}).bytes()
///
/// A value: copy a prefix and go on from it.
class Packet {
 public:
  Packet& ether(const Ether& h = {}) { return add(h); }
  Packet& vlan(const Vlan& h) { return add(h); }
  /// 802.1ad: an outer service tag and an inner customer tag.
  Packet& qinq(std::uint16_t outer, std::uint16_t inner) {
    return add(Vlan{.id = outer, .tpid = 0x88a8}).add(Vlan{.id = inner});
  }
  Packet& mpls(std::initializer_list<std::uint32_t> labels);
  Packet& pppoe(const Pppoe& h = {}) { return add(h); }
  Packet& snap(const Snap& h = {}) { return add(h); }
  Packet& arp(const Arp& h = {}) { return add(h); }
  Packet& ipv4(const Ipv4& h = {}) { return add(h); }
  Packet& ipv6(const Ipv6& h = {}) { return add(h); }
  /// IPv4 or IPv6 by the addresses.
  Packet& ip(const Address& src, const Address& dst);
  Packet& hop_by_hop(std::uint8_t units = 0) {
    return add(Ipv6Options{.protocol = 0, .units = units});
  }
  Packet& destination(std::uint8_t units = 0) {
    return add(Ipv6Options{.protocol = 60, .units = units});
  }
  Packet& routing(const Ipv6Routing& h = {}) { return add(h); }
  Packet& fragment(const Ipv6Fragment& h) { return add(h); }
  Packet& auth(const Auth& h = {}) { return add(h); }
  Packet& tcp(const Tcp& h = {}) { return add(h); }
  Packet& udp(const Udp& h = {}) { return add(h); }
  Packet& sctp(const Sctp& h = {}) { return add(h); }
  Packet& icmp(const Icmp& h = {}) { return add(h); }
  /// ICMP or ICMPv6 echo, by the IP header before it.
  Packet& echo(std::uint16_t id, std::uint16_t sequence, bool reply = false);
  /// An ICMP or ICMPv6 error that quotes the first `limit` bytes of `about`,
  /// from its IP header on. `rest` is the header's second word (an MTU …).
  Packet& icmp_error(std::uint8_t type, std::uint8_t code, const Packet& about,
                     std::size_t limit = 28, std::uint32_t rest = 0);
  Packet& vxlan(const Vxlan& h = {}) { return add(h); }
  Packet& geneve(const Geneve& h = {}) { return add(h); }
  Packet& gre(const Gre& h = {}) { return add(h); }
  Packet& raw(const Raw& h) { return add(h); }
  /// `size` bytes of a fixed pattern.
  Packet& payload(std::size_t size);

  /// The frame, lengths and checksums filled in.
  [[nodiscard]] Bytes bytes() const { return from(0); }
  /// The same from its first IP header on.
  [[nodiscard]] Bytes ip_bytes() const;
  /// The frame, followed by zeros up to Ethernet's least length (60 without FCS).
  [[nodiscard]] Bytes padded(std::size_t least = 60) const;
  /// The frame's outermost IP packet, cut into fragments that carry `piece`
  /// bytes (a multiple of 8) of its payload each, in order.
  [[nodiscard]] std::vector<Bytes> fragments(std::size_t piece, std::uint32_t id) const;

 private:
  template <typename Header>
  Packet& add(const Header& header) {
    layers_.emplace_back(header);
    return *this;
  }
  [[nodiscard]] Bytes from(std::size_t first) const;
  [[nodiscard]] std::size_t first_ip() const;
  [[nodiscard]] bool inside_ipv6() const;

  std::vector<Layer> layers_;
};

}  // namespace netprobe::test
