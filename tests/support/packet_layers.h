// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/ip_address.h"

/// The headers that a crafted packet is made of. Every field has a default
/// that makes the packet right; an optional that is set overrides what would
/// have been computed, so that a test can lie.
namespace netprobe::test {

using Bytes = std::vector<std::uint8_t>;
using Mac = std::array<std::uint8_t, 6>;

/// An address that a literal turns into; aborts on text that is none, since
/// that is a mistake in the test.
struct Address {
  Address(const char* text);  // NOLINT(google-explicit-constructor): so that literals work
  Address(const IpAddress& address) : value(address) {}  // NOLINT(google-explicit-constructor)
  IpAddress value;
};

struct Ether {
  Mac dst{0x02, 0, 0, 0, 0, 0x02};
  Mac src{0x02, 0, 0, 0, 0, 0x01};
  std::optional<std::uint16_t> type;  ///< or, before Snap, the 802.3 length
};

struct Vlan {
  std::uint16_t id = 1;
  std::uint8_t priority = 0;
  std::uint16_t tpid = 0x8100;
  std::optional<std::uint16_t> type;
};

/// One label; the bottom-of-stack bit follows from what comes next.
struct Mpls {
  std::uint32_t label = 16;
  std::uint8_t ttl = 64;
  std::optional<bool> bottom;
};

struct Pppoe {
  std::uint16_t session = 1;
  std::optional<std::uint16_t> length;
  std::optional<std::uint16_t> protocol;
};

/// LLC and SNAP (RFC 1042): the Ethernet header before it carries a length.
struct Snap {
  std::array<std::uint8_t, 3> oui{};
  std::optional<std::uint16_t> type;
};

struct Arp {
  Address sender = "10.0.0.1";
  Address target = "10.0.0.2";
  std::uint16_t operation = 1;
};

struct Ipv4 {
  Address src = "10.0.0.1";
  Address dst = "10.0.0.2";
  std::uint8_t ttl = 64;
  std::uint8_t dscp = 0;
  std::uint16_t id = 0;
  std::uint16_t offset = 0;  ///< of a fragment, in units of 8 bytes
  bool more_fragments = false;
  bool dont_fragment = false;
  Bytes options{};  ///< padded with end-of-list to a multiple of 4
  std::optional<std::uint8_t> protocol{};
  std::optional<std::uint8_t> header_words{};
  std::optional<std::uint16_t> total_length{};
  std::optional<std::uint16_t> checksum{};
};

struct Ipv6 {
  Address src = "fd00::1";
  Address dst = "fd00::2";
  std::uint8_t hop_limit = 64;
  std::uint8_t dscp = 0;
  std::uint32_t flow_label = 0;
  std::optional<std::uint8_t> next;
  std::optional<std::uint16_t> payload_length;
};

/// Hop-by-hop (0), destination options (60): padding of `units` * 8 + 8 bytes.
struct Ipv6Options {
  std::uint8_t protocol = 60;
  std::uint8_t units = 0;
  std::optional<std::uint8_t> next;
};

/// Type 2 (RFC 6275) carries one address; others here carry `segments` (RFC 8754).
struct Ipv6Routing {
  std::uint8_t type = 4;
  std::vector<Address> segments{"fd00::99"};
  std::uint8_t segments_left = 0;
};

struct Ipv6Fragment {
  std::uint16_t offset = 0;  ///< in units of 8 bytes
  bool more = false;
  std::uint32_t id = 1;
  std::optional<std::uint8_t> next;
};

/// Authentication header (RFC 4302) with `words` words of check value.
struct Auth {
  std::uint32_t spi = 0x100;
  std::uint32_t sequence = 1;
  std::uint8_t words = 3;
};

struct Tcp {
  std::uint16_t src = 1000;
  std::uint16_t dst = 80;
  std::uint8_t flags = 0x10;
  std::uint32_t seq = 1;
  std::uint32_t ack = 0;
  std::uint16_t window = 64'240;
  Bytes options{};  ///< padded with end-of-list to a multiple of 4
  std::optional<std::uint8_t> header_words{};
  std::optional<std::uint16_t> checksum{};
};

struct Udp {
  std::uint16_t src = 1000;
  std::uint16_t dst = 7'000;
  std::optional<std::uint16_t> length;
  std::optional<std::uint16_t> checksum;
};

/// A common header; chunks are the payload.
struct Sctp {
  std::uint16_t src = 1000;
  std::uint16_t dst = 36412;
  std::uint32_t tag = 0;
  std::optional<std::uint32_t> checksum;
};

/// ICMP after IPv4, ICMPv6 after IPv6. `rest` is the second word of the header.
struct Icmp {
  std::uint8_t type = 8;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;
  bool v6 = false;
  std::optional<std::uint16_t> checksum;
};

struct Vxlan {
  std::uint32_t vni = 1;
  std::uint8_t flags = 0x08;
};

struct Geneve {
  std::uint32_t vni = 1;
  Bytes options{};  ///< whole options, a multiple of 4
  std::uint8_t version = 0;
  std::optional<std::uint16_t> type{};
};

struct Gre {
  std::optional<std::uint32_t> key;
  std::optional<std::uint32_t> sequence;
  bool checksum = false;
  std::optional<std::uint16_t> type;
  std::uint8_t version = 0;
};

/// Bytes as they are. `ethertype` and `protocol` are what the header before
/// announces for them.
struct Raw {
  Bytes bytes{};
  std::uint16_t ethertype = 0x88b5;  // local experimental (IEEE 802)
  std::uint8_t protocol = 253;       // for experiments (RFC 3692)
};

using Layer =
    std::variant<Ether, Vlan, Mpls, Pppoe, Snap, Arp, Ipv4, Ipv6, Ipv6Options, Ipv6Routing,
                 Ipv6Fragment, Auth, Tcp, Udp, Sctp, Icmp, Vxlan, Geneve, Gre, Raw>;

}  // namespace netprobe::test
