// SPDX-License-Identifier: Apache-2.0
#include "io/link_header.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace netprobe {
namespace {

// www.tcpdump.org/linktypes.html; "raw" has the numbers of several systems.
constexpr std::uint16_t kNull = 0;
constexpr std::uint16_t kEthernet = 1;
constexpr std::uint16_t kLoop = 108;
constexpr std::uint16_t kLinuxSll = 113;
constexpr std::uint16_t kLinuxSll2 = 276;
constexpr std::array<std::uint16_t, 5> kRaw{12, 14, 101, 228, 229};

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kNullHeader = 4;
constexpr std::size_t kSllHeader = 16;
constexpr std::size_t kSll2Header = 20;
constexpr std::uint16_t kArphrdNetlink = 824;

constexpr std::array<std::pair<std::uint16_t, std::string_view>, 14> kNames{{
    {7, "arcnet"},
    {9, "ppp"},
    {50, "ppp_hdlc"},
    {51, "ppp_ether"},
    {100, "atm_rfc1483"},
    {104, "c_hdlc"},
    {105, "ieee802_11"},
    {117, "pflog"},
    {127, "ieee802_11_radiotap"},
    {189, "usb_linux"},
    {195, "ieee802_15_4"},
    {201, "bluetooth_hci_h4"},
    {239, "nflog"},
    {253, "netlink"},
}};

std::uint16_t big_endian(std::span<const std::uint8_t> data, std::size_t at) {
  return static_cast<std::uint16_t>(data[at] << 8 | data[at + 1]);
}

/// The address family of a NULL header: in the byte order of the machine that
/// captured, which the file does not say. Families are small numbers, so the
/// order in which it is small is the right one.
std::uint32_t family_of(std::span<const std::uint8_t> data) {
  const std::uint32_t big =
      static_cast<std::uint32_t>(big_endian(data, 0)) << 16 | big_endian(data, 2);
  const std::uint32_t little = __builtin_bswap32(big);
  return std::min(big, little);
}

/// AF_INET everywhere; AF_INET6 of Linux, NetBSD, FreeBSD and Darwin.
bool is_ip_family(std::uint32_t family) {
  return family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
}

}  // namespace

bool LinkHeaderReader::read(std::uint16_t link_type, std::span<const std::uint8_t> data,
                            std::uint32_t wire_length, LinkFrame& frame) {
  frame = {data, wire_length, false};
  if (link_type == kEthernet) return true;
  if (std::ranges::find(kRaw, link_type) != kRaw.end()) {
    frame.bare_ip = true;
    return true;
  }
  if (link_type == kNull || link_type == kLoop) {
    if (data.size() < kNullHeader) {
      frame.data = {};
    } else if (is_ip_family(family_of(data))) {
      frame = {data.subspan(kNullHeader), wire_length - static_cast<std::uint32_t>(kNullHeader),
               true};
    } else {
      cooked(kNullHeader, 0, data, wire_length, frame);
    }
    return true;
  }
  if (link_type == kLinuxSll || link_type == kLinuxSll2) {
    const bool second = link_type == kLinuxSll2;
    const std::size_t header = second ? kSll2Header : kSllHeader;
    if (data.size() < header) {
      frame.data = {};
      return true;
    }
    // Netlink messages have a netlink family where others have an EtherType.
    const bool netlink = big_endian(data, second ? 8 : 2) == kArphrdNetlink;
    cooked(header, netlink ? std::uint16_t{0} : big_endian(data, second ? 0 : 14), data,
           wire_length, frame);
    return true;
  }
  return false;
}

/// Puts an Ethernet header with that EtherType in place of the link header, so
/// that VLAN tags, MPLS and ARP behind it are parsed as on Ethernet.
void LinkHeaderReader::cooked(std::size_t header, std::uint16_t protocol,
                              std::span<const std::uint8_t> data, std::uint32_t wire_length,
                              LinkFrame& frame) {
  const auto payload = data.subspan(header);
  synthesised_.assign(kEthernetHeader, 0);
  synthesised_[kEthernetHeader - 2] = static_cast<std::uint8_t>(protocol >> 8);
  synthesised_[kEthernetHeader - 1] = static_cast<std::uint8_t>(protocol);
  synthesised_.insert(synthesised_.end(), payload.begin(), payload.end());
  const std::uint64_t wire = std::uint64_t{wire_length} - header + kEthernetHeader;
  frame = {synthesised_, static_cast<std::uint32_t>(std::min<std::uint64_t>(wire, 0xffffffff)),
           false};
}

std::string link_type_name(std::uint16_t link_type) {
  for (const auto& [number, name] : kNames)
    if (number == link_type) return std::string(name) + " (" + std::to_string(number) + ")";
  return std::to_string(link_type);
}

}  // namespace netprobe
