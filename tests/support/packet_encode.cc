// SPDX-License-Identifier: Apache-2.0
#include "support/packet_encode.h"

#include <algorithm>
#include <span>

#include "support/checksum.h"

namespace netprobe::test {
namespace {

/// Big-endian writer.
class Writer {
 public:
  Writer& u8(unsigned value) {
    out_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  Writer& u16(unsigned value) { return u8(value >> 8 & 0xff).u8(value & 0xff); }
  Writer& u24(std::uint32_t value) { return u8(value >> 16 & 0xff).u16(value & 0xffff); }
  Writer& u32(std::uint32_t value) { return u16(value >> 16).u16(value & 0xffff); }
  Writer& raw(std::span<const std::uint8_t> bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Writer& zeros(std::size_t count) {
    out_.insert(out_.end(), count, 0);
    return *this;
  }
  Writer& patch16(std::size_t at, unsigned value) {
    out_[at] = static_cast<std::uint8_t>(value >> 8);
    out_[at + 1] = static_cast<std::uint8_t>(value);
    return *this;
  }
  [[nodiscard]] const Bytes& bytes() const { return out_; }
  [[nodiscard]] Bytes take(const Bytes& rest) {
    raw(rest);
    return std::move(out_);
  }

 private:
  Bytes out_;
};

Bytes padded4(Bytes bytes) {
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}

std::span<const std::uint8_t> address4(const Address& address) {
  return std::span(address.value.bytes()).subspan<12, 4>();
}

/// What one header needs to know of its surroundings.
class Encoder {
 public:
  Encoder(const std::vector<Layer>& layers, std::size_t index, const Bytes& rest)
      : layers_(layers), index_(index), rest_(rest) {}

  Bytes operator()(const Ether& h) const {
    const bool llc = next() != nullptr && std::holds_alternative<Snap>(*next());
    const unsigned type = llc ? static_cast<unsigned>(rest_.size()) : next_ethertype();
    return Writer()
        .raw(h.dst)
        .raw(h.src)
        .u16(h.type.value_or(static_cast<std::uint16_t>(type)))
        .take(rest_);
  }

  Bytes operator()(const Vlan& h) const {
    return Writer()
        .u16(static_cast<unsigned>(h.priority) << 13 | h.id)
        .u16(h.type.value_or(next_ethertype()))
        .take(rest_);
  }

  Bytes operator()(const Mpls& h) const {
    const bool bottom = next() == nullptr || !std::holds_alternative<Mpls>(*next());
    return Writer()
        .u32(h.label << 12 | (h.bottom.value_or(bottom) ? 0x100U : 0U) | h.ttl)
        .take(rest_);
  }

  Bytes operator()(const Pppoe& h) const {
    const bool v6 = next() != nullptr && std::holds_alternative<Ipv6>(*next());
    return Writer()
        .u8(0x11)
        .u8(0)
        .u16(h.session)
        .u16(h.length.value_or(static_cast<std::uint16_t>(rest_.size() + 2)))
        .u16(h.protocol.value_or(v6 ? 0x0057 : 0x0021))
        .take(rest_);
  }

  Bytes operator()(const Snap& h) const {
    return Writer().u24(0xaaaa03).raw(h.oui).u16(h.type.value_or(next_ethertype())).take(rest_);
  }

  Bytes operator()(const Arp& h) const {
    return Writer()
        .u16(1)
        .u16(0x0800)
        .u8(6)
        .u8(4)
        .u16(h.operation)
        .raw(Ether{}.src)
        .raw(address4(h.sender))
        .zeros(6)
        .raw(address4(h.target))
        .take(rest_);
  }

  Bytes operator()(const Ipv4& h) const {
    const Bytes options = padded4(h.options);
    const std::size_t header = 20 + options.size();
    Writer w;
    w.u8(0x40U | h.header_words.value_or(static_cast<std::uint8_t>(header / 4)))
        .u8(static_cast<unsigned>(h.dscp) << 2)
        .u16(h.total_length.value_or(static_cast<std::uint16_t>(header + rest_.size())))
        .u16(h.id)
        .u16((h.dont_fragment ? 0x4000U : 0U) | (h.more_fragments ? 0x2000U : 0U) | h.offset)
        .u8(h.ttl)
        .u8(h.protocol.value_or(next_protocol()))
        .u16(0)
        .raw(address4(h.src))
        .raw(address4(h.dst))
        .raw(options);
    w.patch16(10, h.checksum.value_or(InternetChecksum().add(w.bytes()).value()));
    return w.take(rest_);
  }

  Bytes operator()(const Ipv6& h) const {
    return Writer()
        .u32(6U << 28 | static_cast<std::uint32_t>(h.dscp) << 22 | h.flow_label)
        .u16(h.payload_length.value_or(static_cast<std::uint16_t>(rest_.size())))
        .u8(h.next.value_or(next_protocol()))
        .u8(h.hop_limit)
        .raw(h.src.value.bytes())
        .raw(h.dst.value.bytes())
        .take(rest_);
  }

  Bytes operator()(const Ipv6Options& h) const {
    // One PadN option (RFC 8200 4.2) fills the header.
    const std::size_t padding = static_cast<std::size_t>(h.units) * 8 + 4;
    return Writer()
        .u8(h.next.value_or(next_protocol()))
        .u8(h.units)
        .u8(1)
        .u8(static_cast<unsigned>(padding))
        .zeros(padding)
        .take(rest_);
  }

  Bytes operator()(const Ipv6Routing& h) const {
    Writer w;
    w.u8(next_protocol())
        .u8(static_cast<unsigned>(h.segments.size() * 2))
        .u8(h.type)
        .u8(h.segments_left)
        .u8(h.segments.empty() ? 0 : static_cast<unsigned>(h.segments.size() - 1))
        .zeros(3);
    for (const auto& segment : h.segments) w.raw(segment.value.bytes());
    return w.take(rest_);
  }

  Bytes operator()(const Ipv6Fragment& h) const {
    return Writer()
        .u8(h.next.value_or(next_protocol()))
        .u8(0)
        .u16(static_cast<unsigned>(h.offset) << 3 | (h.more ? 1U : 0U))
        .u32(h.id)
        .take(rest_);
  }

  Bytes operator()(const Auth& h) const {
    return Writer()
        .u8(next_protocol())
        .u8(h.words + 1U)
        .u16(0)
        .u32(h.spi)
        .u32(h.sequence)
        .zeros(static_cast<std::size_t>(h.words) * 4)
        .take(rest_);
  }

  Bytes operator()(const Tcp& h) const {
    const Bytes options = padded4(h.options);
    const std::size_t words = 5 + options.size() / 4;
    Writer w;
    w.u16(h.src)
        .u16(h.dst)
        .u32(h.seq)
        .u32(h.ack)
        .u8(static_cast<unsigned>(h.header_words.value_or(static_cast<std::uint8_t>(words))) << 4)
        .u8(h.flags)
        .u16(h.window)
        .u16(0)
        .u16(0)
        .raw(options);
    w.patch16(16, h.checksum.value_or(transport_checksum(w.bytes(), 6)));
    return w.take(rest_);
  }

  Bytes operator()(const Udp& h) const {
    Writer w;
    w.u16(h.src)
        .u16(h.dst)
        .u16(h.length.value_or(static_cast<std::uint16_t>(8 + rest_.size())))
        .u16(0);
    std::uint16_t sum = transport_checksum(w.bytes(), 17);
    if (sum == 0) sum = 0xffff;  // 0 means "none" (RFC 768)
    w.patch16(6, h.checksum.value_or(sum));
    return w.take(rest_);
  }

  Bytes operator()(const Sctp& h) const {
    Bytes packet = Writer().u16(h.src).u16(h.dst).u32(h.tag).u32(0).take(rest_);
    const std::uint32_t sum = h.checksum.value_or(crc32c(packet));
    for (std::size_t i = 0; i < 4; ++i)  // little-endian, unlike all else
      packet[8 + i] = static_cast<std::uint8_t>(sum >> (8 * i));
    return packet;
  }

  Bytes operator()(const Icmp& h) const {
    Writer w;
    w.u8(h.type).u8(h.code).u16(0).u32(h.rest);
    const std::uint16_t sum = h.v6 ? transport_checksum(w.bytes(), 58)
                                   : InternetChecksum().add(w.bytes()).add(rest_).value();
    w.patch16(2, h.checksum.value_or(sum));
    return w.take(rest_);
  }

  Bytes operator()(const Vxlan& h) const {
    return Writer().u8(h.flags).zeros(3).u24(h.vni).u8(0).take(rest_);
  }

  Bytes operator()(const Geneve& h) const {
    return Writer()
        .u8(static_cast<unsigned>(h.version) << 6 | static_cast<unsigned>(h.options.size() / 4))
        .u8(0)
        .u16(h.type.value_or(next_ethertype()))
        .u24(h.vni)
        .u8(0)
        .raw(h.options)
        .take(rest_);
  }

  Bytes operator()(const Gre& h) const {
    Writer w;
    w.u16((h.checksum ? 0x8000U : 0U) | (h.key ? 0x2000U : 0U) | (h.sequence ? 0x1000U : 0U) |
          h.version)
        .u16(h.type.value_or(next_ethertype()));
    if (h.checksum) w.u32(0);
    if (h.key) w.u32(*h.key);
    if (h.sequence) w.u32(*h.sequence);
    if (h.checksum) w.patch16(4, InternetChecksum().add(w.bytes()).add(rest_).value());
    return w.take(rest_);
  }

  Bytes operator()(const Raw& h) const { return Writer().raw(h.bytes).take(rest_); }

 private:
  [[nodiscard]] const Layer* next() const {
    return index_ + 1 < layers_.size() ? &layers_[index_ + 1] : nullptr;
  }
  [[nodiscard]] std::uint16_t next_ethertype() const {
    return next() != nullptr ? ethertype_of(*next()) : Raw{}.ethertype;
  }
  [[nodiscard]] std::uint8_t next_protocol() const {
    return next() != nullptr ? protocol_of(*next()) : 59;
  }
  /// Over the pseudo header of the nearest IP header outside, the transport
  /// header (of even length) and what follows.
  [[nodiscard]] std::uint16_t transport_checksum(const Bytes& header, std::uint8_t protocol) const {
    InternetChecksum sum;
    for (std::size_t i = index_; i > 0; --i) {
      if (const auto* v4 = std::get_if<Ipv4>(&layers_[i - 1])) {
        sum.add(address4(v4->src)).add(address4(v4->dst));
        break;
      }
      if (const auto* v6 = std::get_if<Ipv6>(&layers_[i - 1])) {
        sum.add(v6->src.value.bytes()).add(v6->dst.value.bytes());
        break;
      }
    }
    sum.add_word(protocol).add_word(static_cast<std::uint32_t>(header.size() + rest_.size()));
    return sum.add(header).add(rest_).value();
  }

  const std::vector<Layer>& layers_;
  std::size_t index_;
  const Bytes& rest_;
};

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

Bytes encode_layer(const std::vector<Layer>& layers, std::size_t index, const Bytes& rest) {
  return std::visit(Encoder(layers, index, rest), layers[index]);
}

std::uint8_t protocol_of(const Layer& layer) {
  return std::visit(Overloaded{[](const Ipv4&) -> std::uint8_t { return 4; },
                               [](const Ipv6&) -> std::uint8_t { return 41; },
                               [](const Ipv6Options& h) -> std::uint8_t { return h.protocol; },
                               [](const Ipv6Routing&) -> std::uint8_t { return 43; },
                               [](const Ipv6Fragment&) -> std::uint8_t { return 44; },
                               [](const Auth&) -> std::uint8_t { return 51; },
                               [](const Tcp&) -> std::uint8_t { return 6; },
                               [](const Udp&) -> std::uint8_t { return 17; },
                               [](const Sctp&) -> std::uint8_t { return 132; },
                               [](const Icmp& h) -> std::uint8_t { return h.v6 ? 58 : 1; },
                               [](const Gre&) -> std::uint8_t { return 47; },
                               [](const Mpls&) -> std::uint8_t { return 137; },
                               [](const Raw& h) -> std::uint8_t { return h.protocol; },
                               [](const auto&) -> std::uint8_t { return 253; }},
                    layer);
}

std::uint16_t ethertype_of(const Layer& layer) {
  return std::visit(Overloaded{[](const Ether&) -> std::uint16_t { return 0x6558; },
                               [](const Vlan& h) -> std::uint16_t { return h.tpid; },
                               [](const Mpls&) -> std::uint16_t { return 0x8847; },
                               [](const Pppoe&) -> std::uint16_t { return 0x8864; },
                               [](const Arp&) -> std::uint16_t { return 0x0806; },
                               [](const Ipv4&) -> std::uint16_t { return 0x0800; },
                               [](const Ipv6&) -> std::uint16_t { return 0x86dd; },
                               [](const Raw& h) -> std::uint16_t { return h.ethertype; },
                               [](const auto&) -> std::uint16_t { return 0x88b5; }},
                    layer);
}

}  // namespace netprobe::test
