// SPDX-License-Identifier: Apache-2.0
#include "support/packet_builder.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "support/packet_encode.h"

namespace netprobe::test {
namespace {

[[noreturn]] void misuse(const char* what) {
  std::fprintf(stderr, "packet builder: %s\n", what);
  std::abort();
}

template <typename T>
bool is(const Layer& layer) {
  return std::holds_alternative<T>(layer);
}

bool is_ip(const Layer& layer) { return is<Ipv4>(layer) || is<Ipv6>(layer); }

/// Headers that every fragment repeats (RFC 8200 4.5).
bool stays_in_every_fragment(const Layer& layer) {
  const auto* options = std::get_if<Ipv6Options>(&layer);
  return (options != nullptr && options->protocol == 0) || is<Ipv6Routing>(layer);
}

}  // namespace

Address::Address(const char* text) {
  const auto parsed = IpAddress::parse(text);
  if (!parsed) misuse("not an address");
  value = *parsed;
}

Packet& Packet::mpls(std::initializer_list<std::uint32_t> labels) {
  for (const auto label : labels) add(Mpls{.label = label});
  return *this;
}

Packet& Packet::ip(const Address& src, const Address& dst) {
  if (src.value.is_v4()) return ipv4({.src = src, .dst = dst});
  return ipv6({.src = src, .dst = dst});
}

bool Packet::inside_ipv6() const {
  const auto found = std::find_if(layers_.rbegin(), layers_.rend(), is_ip);
  return found != layers_.rend() && is<Ipv6>(*found);
}

Packet& Packet::echo(std::uint16_t id, std::uint16_t sequence, bool reply) {
  const bool v6 = inside_ipv6();
  const int request = v6 ? 128 : 8;
  const int answer = v6 ? 129 : 0;
  return add(Icmp{.type = static_cast<std::uint8_t>(reply ? answer : request),
                  .rest = static_cast<std::uint32_t>(id) << 16 | sequence,
                  .v6 = v6});
}

Packet& Packet::icmp_error(std::uint8_t type, std::uint8_t code, const Packet& about,
                           std::size_t limit, std::uint32_t rest) {
  Bytes quoted = about.ip_bytes();
  quoted.resize(std::min(quoted.size(), limit));
  add(Icmp{.type = type, .code = code, .rest = rest, .v6 = inside_ipv6()});
  return add(Raw{.bytes = std::move(quoted)});
}

Packet& Packet::payload(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>('a' + i % 23);
  return add(Raw{.bytes = std::move(bytes)});
}

std::size_t Packet::first_ip() const {
  const auto found = std::find_if(layers_.begin(), layers_.end(), is_ip);
  if (found == layers_.end()) misuse("no IP header in this packet");
  return static_cast<std::size_t>(found - layers_.begin());
}

Bytes Packet::from(std::size_t first) const {
  Bytes packet;
  for (std::size_t i = layers_.size(); i > first; --i)
    packet = encode_layer(layers_, i - 1, packet);
  return packet;
}

Bytes Packet::ip_bytes() const { return from(first_ip()); }

Bytes Packet::padded(std::size_t least) const {
  Bytes frame = bytes();
  if (frame.size() < least) frame.resize(least);
  return frame;
}

std::vector<Bytes> Packet::fragments(std::size_t piece, std::uint32_t id) const {
  if (piece == 0 || piece % 8 != 0) misuse("a fragment's size is a multiple of 8");
  std::size_t cut = first_ip() + 1;
  const bool v6 = is<Ipv6>(layers_[cut - 1]);
  while (cut < layers_.size() && stays_in_every_fragment(layers_[cut])) ++cut;
  const Bytes whole = from(cut);
  const std::uint8_t protocol = cut < layers_.size() ? protocol_of(layers_[cut]) : 59;
  std::vector<Bytes> out;
  for (std::size_t at = 0; at < whole.size(); at += piece) {
    const std::size_t size = std::min(piece, whole.size() - at);
    const auto offset = static_cast<std::uint16_t>(at / 8);
    const bool more = at + size < whole.size();
    Packet one;
    one.layers_.assign(layers_.begin(), layers_.begin() + static_cast<std::ptrdiff_t>(cut));
    if (v6) {
      one.fragment({.offset = offset, .more = more, .id = id, .next = protocol});
    } else {
      auto& ip = std::get<Ipv4>(one.layers_[cut - 1]);
      ip.id = static_cast<std::uint16_t>(id);
      ip.offset = offset;
      ip.more_fragments = more;
      ip.protocol = protocol;
    }
    const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(at);
    one.raw({.bytes = Bytes(begin, begin + static_cast<std::ptrdiff_t>(size))});
    out.push_back(one.bytes());
  }
  return out;
}

}  // namespace netprobe::test
