// SPDX-License-Identifier: Apache-2.0
// draft-ietf-opsawg-pcapng: blocks in sections, each section with its own byte
// order and interfaces.
#include <algorithm>
#include <limits>
#include <vector>

#include "io/pcap_format.h"

namespace netprobe {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kObsoletePacket = 2;
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint16_t kOptionResolution = 9;
constexpr std::uint16_t kOptionOffset = 14;

constexpr std::size_t kBlockOverhead = 12;  // type and length before, length after
// A block that is kept in memory whole; unknown ones are skipped at any size.
constexpr std::uint32_t kMaxBlock = 16 * 1024 * 1024;
// More than any machine has; keeps what a file can make us hold bounded.
constexpr std::size_t kMaxInterfaces = 4096;

// 64-bit ticks times 10^9 need 94 bits.
__extension__ using Wide = unsigned __int128;

/// What one interface description says about its packets.
struct Interface {
  std::uint16_t link_type = 0;
  std::uint32_t snap_length = 0;    ///< 0: no limit
  std::uint8_t resolution = 6;      ///< 10^-n s, or 2^-n with the top bit set
  std::int64_t offset_seconds = 0;  ///< to add to every time
};

Nanos to_nanos(const Interface& interface, std::uint64_t ticks) {
  const unsigned power = interface.resolution & 0x7fU;
  Wide nanos = ticks;
  if (interface.resolution & 0x80U) {
    nanos = power < 128 ? nanos * kSecond >> power : 0;
  } else {
    for (unsigned digit = power; digit < 9; ++digit) nanos *= 10;
    for (unsigned digit = 9; digit < power && nanos > 0; ++digit) nanos /= 10;
  }
  // A time that 64 bits of nanoseconds cannot hold is nonsense; it must not
  // become undefined behaviour as well.
  constexpr auto kMost = std::numeric_limits<Nanos>::max() / 2;
  const auto bounded = static_cast<Nanos>(std::min<Wide>(nanos, static_cast<Wide>(kMost)));
  constexpr std::int64_t kMostSeconds = kMost / kSecond;
  return bounded + std::clamp(interface.offset_seconds, -kMostSeconds, kMostSeconds) * kSecond;
}

class Pcapng final : public PcapReader::Format {
 public:
  [[nodiscard]] Result<CaptureRead> next(PeekReader& in, CapturedPacket& packet) override {
    for (;;) {
      const auto head = in.peek(kBlockOverhead);
      if (!head) return std::unexpected(head.error());
      if (head->empty()) return CaptureRead::kEnd;
      if (head->size() < kBlockOverhead) return CaptureRead::kTruncated;
      if (auto order = byte_order(in.offset(), *head); !order)
        return std::unexpected(order.error());
      const std::uint32_t type = field_.u32(*head, 0);
      const std::uint32_t length = field_.u32(*head, 4);
      if (length < kBlockOverhead || length % 4 != 0)
        return malformed_capture(in.offset(),
                                 "a block cannot have " + std::to_string(length) + " bytes");
      if (!is_known(type)) {
        const auto skipped = in.skip(length);
        if (!skipped) return std::unexpected(skipped.error());
        if (*skipped < length) return CaptureRead::kTruncated;
        continue;
      }
      if (length > kMaxBlock)
        return malformed_capture(in.offset(), "a block of " + std::to_string(length) +
                                                  " bytes is longer than any can be");
      const auto block = in.peek(length);
      if (!block) return std::unexpected(block.error());
      if (block->size() < length) return CaptureRead::kTruncated;
      if (field_.u32(*block, length - 4) != length)
        return malformed_capture(in.offset(), "a block's two lengths differ");
      const auto offset = in.offset();
      in.consume(length);  // the bytes stay where they are until the next peek
      const auto body = block->subspan(8, length - kBlockOverhead);
      const auto is_packet = take(type, body, packet, offset);
      if (!is_packet) return std::unexpected(is_packet.error());
      if (*is_packet) return CaptureRead::kPacket;
    }
  }

 private:
  static bool is_known(std::uint32_t type) {
    return type == kSectionHeader || type == kInterfaceDescription || type == kObsoletePacket ||
           type == kSimplePacket || type == kEnhancedPacket;
  }

  /// A section header says in which order its own length is written.
  Status byte_order(std::uint64_t offset, std::span<const std::uint8_t> head) {
    if (FieldReader{}.u32(head, 0) != kSectionHeader) return {};
    const std::uint32_t magic = FieldReader{}.u32(head, 8);
    if (magic != kByteOrderMagic && std::byteswap(magic) != kByteOrderMagic)
      return malformed_capture(offset, "a section without a byte order");
    field_.swapped = magic != kByteOrderMagic;
    return {};
  }

  /// True where the block is a packet.
  Result<bool> take(std::uint32_t type, std::span<const std::uint8_t> body, CapturedPacket& packet,
                    std::uint64_t offset) {
    switch (type) {
      case kSectionHeader:
        return section(body, offset);
      case kInterfaceDescription:
        return description(body, offset);
      case kSimplePacket:
        return simple(body, packet, offset);
      default:
        return enhanced(type, body, packet, offset);
    }
  }

  Result<bool> section(std::span<const std::uint8_t> body, std::uint64_t offset) {
    if (body.size() < 16) return malformed_capture(offset, "a section header is cut short");
    if (const auto major = field_.u16(body, 4); major != 1)
      return malformed_capture(offset, "pcapng version " + std::to_string(major) + " is unknown");
    interfaces_.clear();
    return false;
  }

  Result<bool> description(std::span<const std::uint8_t> body, std::uint64_t offset) {
    if (body.size() < 8) return malformed_capture(offset, "an interface is cut short");
    if (interfaces_.size() >= kMaxInterfaces)
      return malformed_capture(offset,
                               "more than " + std::to_string(kMaxInterfaces) + " interfaces");
    Interface interface{.link_type = field_.u16(body, 0), .snap_length = field_.u32(body, 4)};
    for (auto options = body.subspan(8); options.size() >= 4;) {
      const std::uint16_t code = field_.u16(options, 0);
      const std::uint16_t size = field_.u16(options, 2);
      const std::size_t padded = (size + 3U) & ~std::size_t{3};
      if (code == 0) break;
      if (options.size() - 4 < padded)
        return malformed_capture(offset, "an interface's option is cut short");
      if (code == kOptionResolution && size == 1) interface.resolution = options[4];
      if (code == kOptionOffset && size == 8)
        interface.offset_seconds = field_.get<std::int64_t>(options, 4);
      options = options.subspan(4 + padded);
    }
    interfaces_.push_back(interface);
    return false;
  }

  Result<bool> enhanced(std::uint32_t type, std::span<const std::uint8_t> body,
                        CapturedPacket& packet, std::uint64_t offset) {
    if (body.size() < 20) return malformed_capture(offset, "a packet block is cut short");
    const bool obsolete = type == kObsoletePacket;
    const std::uint32_t index = obsolete ? field_.u16(body, 0) : field_.u32(body, 0);
    const std::uint64_t ticks =
        (static_cast<std::uint64_t>(field_.u32(body, 4)) << 32) | field_.u32(body, 8);
    return fill(packet, index, field_.u32(body, 12), field_.u32(body, 16), body.subspan(20), &ticks,
                offset);
  }

  Result<bool> simple(std::span<const std::uint8_t> body, CapturedPacket& packet,
                      std::uint64_t offset) {
    if (body.size() < 4) return malformed_capture(offset, "a packet block is cut short");
    const std::uint32_t wire = field_.u32(body, 0);
    auto captured = static_cast<std::uint32_t>(body.size() - 4);  // up to 3 bytes of padding more
    captured = std::min(captured, wire);
    if (!interfaces_.empty() && interfaces_[0].snap_length != 0)
      captured = std::min(captured, interfaces_[0].snap_length);
    return fill(packet, 0, captured, wire, body.subspan(4), nullptr, offset);
  }

  Result<bool> fill(CapturedPacket& packet, std::uint32_t index, std::uint32_t captured,
                    std::uint32_t wire, std::span<const std::uint8_t> data,
                    const std::uint64_t* ticks, std::uint64_t offset) {
    if (index >= interfaces_.size())
      return malformed_capture(
          offset, "a packet of interface " + std::to_string(index) + ", which was not described");
    if (captured > kMaxCapturedLength || captured > data.size())
      return malformed_capture(
          offset, "a packet of " + std::to_string(captured) + " bytes does not fit its block");
    const Interface& interface = interfaces_[index];
    if (ticks != nullptr) last_time_ = to_nanos(interface, *ticks);
    packet.data = data.first(captured);
    packet.wire_length = std::max(wire, captured);
    packet.link_type = interface.link_type;
    packet.interface = index + 1;
    packet.time = last_time_;
    return true;
  }

  FieldReader field_;
  std::vector<Interface> interfaces_;
  Nanos last_time_ = 0;
};

}  // namespace

std::unique_ptr<PcapReader::Format> make_pcapng_format() { return std::make_unique<Pcapng>(); }

}  // namespace netprobe
