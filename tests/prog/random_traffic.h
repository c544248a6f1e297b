// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "support/packet_builder.h"

namespace netprobe::test {

/// Packets of every kind the parser knows, from a seed: the same seed gives the
/// same packets everywhere (std::mt19937 is exactly specified; the standard
/// distributions are not, so none is used).
class RandomTraffic {
 public:
  explicit RandomTraffic(std::uint32_t seed) : random_(seed) {}

  using Frames = std::vector<Bytes>;
  [[nodiscard]] Frames tcp();
  [[nodiscard]] Frames udp();
  [[nodiscard]] Frames icmp();
  /// IPv4 options, IPv6 extension headers, protocols without ports.
  [[nodiscard]] Frames extensions();
  /// VLAN, QinQ, MPLS, PPPoE, SNAP, ARP, LLDP.
  [[nodiscard]] Frames tagged();
  [[nodiscard]] Frames vxlan();
  [[nodiscard]] Frames geneve();
  /// GRE, IPIP, 6in4, 4in6.
  [[nodiscard]] Frames ip_tunnels();
  /// All fragments of one datagram, in order.
  [[nodiscard]] Frames fragments();
  /// One of all these.
  [[nodiscard]] Frames any();

  [[nodiscard]] std::uint32_t below(std::uint32_t bound) { return random_() % bound; }

 private:
  Packet& ip(Packet& packet, bool inner = false);
  Packet& transport(Packet& packet);
  [[nodiscard]] std::uint16_t port() { return static_cast<std::uint16_t>(30'011 + 2 * below(6)); }
  [[nodiscard]] bool chance(std::uint32_t of) { return below(of) == 0; }
  [[nodiscard]] Packet inner_ip();
  [[nodiscard]] Packet inner_frame();

  std::mt19937 random_;
};

}  // namespace netprobe::test
