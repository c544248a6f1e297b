// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace netprobe::testing {

/// Builds captures byte by byte, in either byte order.
class PcapBuilder {
 public:
  explicit PcapBuilder(bool swapped = false) : swapped_(swapped) {}

  template <typename T>
  PcapBuilder& put(T value) {
    if (swapped_) value = std::byteswap(value);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof(value));
    return *this;
  }
  PcapBuilder& u8(unsigned v) { return put(static_cast<std::uint8_t>(v)); }
  PcapBuilder& u16(unsigned v) { return put(static_cast<std::uint16_t>(v)); }
  PcapBuilder& u32(std::uint64_t v) { return put(static_cast<std::uint32_t>(v)); }
  PcapBuilder& u64(std::uint64_t v) { return put(v); }
  PcapBuilder& raw(std::string_view bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  PcapBuilder& pad() {
    while (bytes_.size() % 4 != 0) bytes_.push_back(0);
    return *this;
  }

  PcapBuilder& pcap_header(std::uint32_t magic, std::uint32_t link_type) {
    return u32(magic).u16(2).u16(4).u32(0).u32(0).u32(262144).u32(link_type);
  }
  PcapBuilder& pcap_packet(std::uint32_t seconds, std::uint32_t fraction, std::string_view data,
                           std::uint32_t wire) {
    return u32(seconds).u32(fraction).u32(data.size()).u32(wire).raw(data);
  }

  /// A pcapng block around `body`, which is in this order already.
  PcapBuilder& block(std::uint32_t type, const PcapBuilder& body) {
    std::vector<std::uint8_t> padded = body.bytes_;
    padded.resize((padded.size() + 3) / 4 * 4);
    const auto length = static_cast<std::uint32_t>(padded.size() + 12);
    u32(type).u32(length);
    bytes_.insert(bytes_.end(), padded.begin(), padded.end());
    return u32(length);
  }
  PcapBuilder& section() {
    return block(0x0a0d0d0a, PcapBuilder(swapped_).u32(0x1a2b3c4d).u16(1).u16(0).u64(~0ULL));
  }
  PcapBuilder& interface(unsigned link_type, unsigned snap = 0) {
    return block(1, PcapBuilder(swapped_).u16(link_type).u16(0).u32(snap));
  }
  PcapBuilder& interface_with_time(unsigned link_type, unsigned resolution, std::uint64_t offset) {
    PcapBuilder body(swapped_);
    body.u16(link_type).u16(0).u32(0);
    body.u16(2).u16(4).raw("eth0");
    body.u16(9).u16(1).u8(resolution).u8(0).u8(0).u8(0);
    body.u16(14).u16(8).u64(offset);
    body.u16(0).u16(0);
    return block(1, body);
  }
  PcapBuilder& enhanced(std::uint32_t index, std::uint64_t ticks, std::string_view data,
                        std::uint32_t wire) {
    return block(6, PcapBuilder(swapped_)
                        .u32(index)
                        .u32(ticks >> 32)
                        .u32(ticks)
                        .u32(data.size())
                        .u32(wire)
                        .raw(data));
  }
  PcapBuilder& simple(std::string_view data, std::uint32_t wire) {
    return block(3, PcapBuilder(swapped_).u32(wire).raw(data));
  }
  PcapBuilder& obsolete(unsigned index, std::uint64_t ticks, std::string_view data,
                        std::uint32_t wire) {
    return block(2, PcapBuilder(swapped_)
                        .u16(index)
                        .u16(0)
                        .u32(ticks >> 32)
                        .u32(ticks)
                        .u32(data.size())
                        .u32(wire)
                        .raw(data));
  }

  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  bool swapped_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace netprobe::testing
