// SPDX-License-Identifier: Apache-2.0
#include "probes/dns/neighbour_parser.h"

#include <algorithm>
#include <cstring>

namespace netprobe {
namespace {

constexpr std::size_t kArp = 28;
constexpr std::uint8_t kArpOfEthernetAndIpv4[] = {0, 1, 8, 0, 6, 4};
constexpr std::size_t kDiscovery = 24;  // up to the options
constexpr std::uint8_t kSolicitation = 135;
constexpr std::uint8_t kAdvertisement = 136;
constexpr std::uint8_t kSourceOption = 1;
constexpr std::uint8_t kTargetOption = 2;

/// Nobody's, or a group's: bit 0 of the first byte.
bool is_station(const MacAddress& mac) { return (mac[0] & 1U) == 0 && mac != MacAddress{}; }

MacAddress mac_at(std::span<const std::uint8_t> data, std::size_t at) {
  MacAddress mac;
  std::memcpy(mac.data(), data.data() + at, mac.size());
  return mac;
}

IpAddress ipv4_at(std::span<const std::uint8_t> data, std::size_t at) {
  const std::uint32_t address = std::uint32_t{data[at]} << 24U |
                                std::uint32_t{data[at + 1]} << 16U |
                                std::uint32_t{data[at + 2]} << 8U | data[at + 3];
  return address == 0 ? IpAddress() : IpAddress::v4(address);
}

/// The link-layer address of the option, if it is there.
std::optional<MacAddress> option(std::span<const std::uint8_t> message, std::uint8_t wanted) {
  for (std::size_t at = kDiscovery; at + 8 <= message.size();) {
    if (message[at + 1] == 0) return std::nullopt;  // RFC 4861 4.6: the packet is to be discarded
    if (message[at] == wanted && message[at + 1] == 1) return mac_at(message, at + 2);
    at += std::size_t{message[at + 1]} * 8;
  }
  return std::nullopt;
}

}  // namespace

std::optional<NeighbourClaim> parse_arp(std::span<const std::uint8_t> packet) {
  if (packet.size() < kArp || !std::ranges::equal(packet.first(6), kArpOfEthernetAndIpv4))
    return std::nullopt;
  const int operation = packet[6] << 8 | packet[7];
  if (operation != 1 && operation != 2) return std::nullopt;
  NeighbourClaim claim;
  claim.mac = mac_at(packet, 8);
  claim.address = ipv4_at(packet, 14);
  claim.other = ipv4_at(packet, 24);
  if (!is_station(claim.mac)) return std::nullopt;
  if (claim.address == claim.other) {
    claim.kind = ClaimKind::kAnnouncement;
    claim.other = {};
  } else {
    claim.kind = operation == 1 ? ClaimKind::kQuestion : ClaimKind::kAnswer;
  }
  return claim;
}

std::optional<NeighbourClaim> parse_neighbour_discovery(std::span<const std::uint8_t> message,
                                                        const IpAddress& src,
                                                        const IpAddress& dst) {
  if (message.size() < kDiscovery || message[1] != 0) return std::nullopt;
  const IpAddress target(std::span<const std::uint8_t, 16>(message.subspan(8, 16)));
  if (target.is_multicast() || target.is_unspecified()) return std::nullopt;
  NeighbourClaim claim;
  if (message[0] == kSolicitation) {
    claim.kind = ClaimKind::kQuestion;
    claim.address = src;  // unspecified: it asks whether the address is free
    claim.other = target;
    const auto mac = option(message, kSourceOption);
    if (!mac) return std::nullopt;
    claim.mac = *mac;
  } else if (message[0] == kAdvertisement) {
    claim.kind = dst.is_multicast() ? ClaimKind::kAnnouncement : ClaimKind::kAnswer;
    claim.address = target;
    claim.other = dst.is_multicast() ? IpAddress() : dst;
    const auto mac = option(message, kTargetOption);
    if (!mac) return std::nullopt;
    claim.mac = *mac;
  } else {
    return std::nullopt;
  }
  return is_station(claim.mac) ? std::optional(claim) : std::nullopt;
}

}  // namespace netprobe
