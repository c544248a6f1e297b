// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstring>
#include <memory>
#include <string>

#include "io/pcap_reader.h"

namespace netprobe {

/// Internal to the capture reader: one file format over the bytes.
class PcapReader::Format {
 public:
  virtual ~Format() = default;
  [[nodiscard]] virtual Result<CaptureRead> next(PeekReader& in, CapturedPacket& packet) = 0;
};

/// `swapped`: the file's byte order is not this machine's. The file's magic
/// number is still ahead of the reader.
[[nodiscard]] std::unique_ptr<PcapReader::Format> make_pcap_format(bool swapped, bool nanoseconds);
[[nodiscard]] std::unique_ptr<PcapReader::Format> make_pcapng_format();

/// Reads integers of the file's byte order; the caller checked the bounds.
struct FieldReader {
  bool swapped = false;

  template <typename T>
  [[nodiscard]] T get(std::span<const std::uint8_t> bytes, std::size_t at) const {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    return swapped ? std::byteswap(value) : value;
  }
  [[nodiscard]] std::uint16_t u16(std::span<const std::uint8_t> bytes, std::size_t at) const {
    return get<std::uint16_t>(bytes, at);
  }
  [[nodiscard]] std::uint32_t u32(std::span<const std::uint8_t> bytes, std::size_t at) const {
    return get<std::uint32_t>(bytes, at);
  }
};

/// "it is not a valid capture at byte 24: <what>".
[[nodiscard]] inline std::unexpected<Error> malformed_capture(std::uint64_t offset,
                                                              const std::string& what) {
  return fail("it is not a valid capture at byte " + std::to_string(offset) + ": " + what);
}

}  // namespace netprobe
