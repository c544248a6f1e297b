// SPDX-License-Identifier: Apache-2.0
#include "io/pcap_reader.h"

#include "io/pcap_format.h"

namespace netprobe {
namespace {

constexpr std::uint32_t kMicroMagic = 0xa1b2c3d4;
constexpr std::uint32_t kNanoMagic = 0xa1b23c4d;
constexpr std::uint32_t kModifiedMagic = 0xa1b2cd34;  // Kuznetzov's patch of the 1990s
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;  // reads the same in both orders
constexpr std::size_t kHeaderSize = 24;
constexpr std::size_t kRecordSize = 16;

/// draft-ietf-opsawg-pcap: a file header, then records.
class ClassicPcap final : public PcapReader::Format {
 public:
  ClassicPcap(bool swapped, bool nanoseconds)
      : field_{swapped}, fraction_(nanoseconds ? 1 : kMicrosecond) {}

  [[nodiscard]] Result<CaptureRead> next(PeekReader& in, CapturedPacket& packet) override {
    if (!header_read_) {
      const auto header = in.peek(kHeaderSize);
      if (!header) return std::unexpected(header.error());
      if (header->size() < kHeaderSize) return CaptureRead::kTruncated;
      // The bits above are the length of the frame check sequence.
      link_type_ = static_cast<std::uint16_t>(field_.u32(*header, 20));
      in.consume(kHeaderSize);
      header_read_ = true;
    }
    const auto record = in.peek(kRecordSize);
    if (!record) return std::unexpected(record.error());
    if (record->empty()) return CaptureRead::kEnd;
    if (record->size() < kRecordSize) return CaptureRead::kTruncated;
    const std::uint32_t seconds = field_.u32(*record, 0);
    const std::uint32_t fraction = field_.u32(*record, 4);
    const std::uint32_t captured = field_.u32(*record, 8);
    const std::uint32_t wire = field_.u32(*record, 12);
    if (captured > kMaxCapturedLength) {
      return malformed_capture(in.offset(), "a packet of " + std::to_string(captured) +
                                                " bytes is longer than any can be");
    }
    const auto whole = in.peek(kRecordSize + captured);
    if (!whole) return std::unexpected(whole.error());
    if (whole->size() < kRecordSize + captured) return CaptureRead::kTruncated;
    packet.data = whole->subspan(kRecordSize, captured);
    packet.wire_length = std::max(wire, captured);
    packet.link_type = link_type_;
    packet.interface = 1;
    packet.time = static_cast<Nanos>(seconds) * kSecond + static_cast<Nanos>(fraction) * fraction_;
    in.consume(kRecordSize + captured);
    return CaptureRead::kPacket;
  }

 private:
  FieldReader field_;
  Nanos fraction_;
  bool header_read_ = false;
  std::uint16_t link_type_ = 0;
};

bool starts_with(std::span<const std::uint8_t> bytes, std::initializer_list<std::uint8_t> magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

}  // namespace

std::unique_ptr<PcapReader::Format> make_pcap_format(bool swapped, bool nanoseconds) {
  return std::make_unique<ClassicPcap>(swapped, nanoseconds);
}

Result<PcapReader> PcapReader::open(ByteSource& source) {
  auto reader = std::make_unique<PeekReader>(source);
  const auto start = reader->peek(4);
  if (!start) return std::unexpected(start.error());
  if (start->empty()) return fail("it is empty");
  if (starts_with(*start, {0x1f, 0x8b}))
    return fail("it is compressed with gzip: unpack it first, or pipe it: zcat FILE | … -");
  if (starts_with(*start, {0x28, 0xb5, 0x2f, 0xfd}))
    return fail("it is compressed with zstd: unpack it first, or pipe it: zstdcat FILE | … -");
  if (start->size() < 4) return fail("it is too short to be a capture");

  const std::uint32_t magic = FieldReader{}.u32(*start, 0);
  std::unique_ptr<Format> format;
  for (const bool swapped : {false, true}) {
    const std::uint32_t value = swapped ? std::byteswap(magic) : magic;
    if (value == kMicroMagic || value == kNanoMagic)
      format = make_pcap_format(swapped, value == kNanoMagic);
    if (value == kModifiedMagic)
      return fail("it is in the modified pcap format of the 1990s; editcap can convert it");
  }
  if (magic == kSectionHeader) format = make_pcapng_format();
  if (!format) return fail("it is neither a pcap nor a pcapng file");
  return PcapReader(std::move(reader), std::move(format));
}

PcapReader::PcapReader(std::unique_ptr<PeekReader> reader, std::unique_ptr<Format> format)
    : reader_(std::move(reader)), format_(std::move(format)) {}
PcapReader::PcapReader(PcapReader&&) noexcept = default;
PcapReader& PcapReader::operator=(PcapReader&&) noexcept = default;
PcapReader::~PcapReader() = default;

Result<CaptureRead> PcapReader::next(CapturedPacket& packet) {
  return format_->next(*reader_, packet);
}

std::uint64_t PcapReader::offset() const { return reader_->offset(); }

}  // namespace netprobe
