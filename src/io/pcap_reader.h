// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/clock.h"
#include "base/result.h"
#include "io/byte_source.h"

namespace netprobe {

/// What is at the next place of a capture.
enum class CaptureRead {
  kPacket,
  kEnd,        ///< the capture ends where a packet could begin
  kTruncated,  ///< the capture ends in the middle of something
};

/// A packet as a capture holds it.
struct CapturedPacket {
  std::span<const std::uint8_t> data;  ///< valid until the next read
  std::uint32_t wire_length = 0;       ///< bytes on the wire, >= data.size()
  std::uint16_t link_type = 0;         ///< LINKTYPE_*, www.tcpdump.org/linktypes.html
  /// pcapng: its interface description in the section, from 1; pcap: 1.
  std::uint32_t interface = 1;
  /// From 1970. A pcapng simple packet has none and takes the one before.
  Nanos time = 0;
};

/// Packets longer than this are an error: libpcap itself stops at half of it.
inline constexpr std::uint32_t kMaxCapturedLength = 512 * 1024;

/// Reads pcap (micro- and nanoseconds) and pcapng, both in either byte order,
/// packet by packet. Memory is bounded whatever the input says. Not
/// thread-safe.
class PcapReader {
 public:
  /// Looks at the first bytes. Errors: not a capture, or one in a form that
  /// this does not read; the sentence begins with "it" and stands after a
  /// file name. Borrows `source`.
  [[nodiscard]] static Result<PcapReader> open(ByteSource& source);
  PcapReader(PcapReader&&) noexcept;
  PcapReader& operator=(PcapReader&&) noexcept;
  ~PcapReader();

  /// The next packet, or why there is none; `packet` is written only with
  /// kPacket. After kEnd, kTruncated or an error the reader is done. Errors
  /// name the offset of what cannot be.
  [[nodiscard]] Result<CaptureRead> next(CapturedPacket& packet);
  /// Bytes of the source that were taken so far, for progress.
  [[nodiscard]] std::uint64_t offset() const;

  /// One file format.
  class Format;

 private:
  PcapReader(std::unique_ptr<PeekReader> reader, std::unique_ptr<Format> format);
  std::unique_ptr<PeekReader> reader_;
  std::unique_ptr<Format> format_;
};

}  // namespace netprobe
