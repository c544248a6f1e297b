// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace netprobe {

/// A text compressed so that it can stand behind another one in the same gzip
/// member: raw deflate (RFC 1951) up to its last block, with what the member's
/// trailer needs.
struct Deflated {
  std::string bytes;
  std::uint32_t crc = 0;     ///< CRC-32 of the text
  std::uint64_t length = 0;  ///< of the text
};

/// Compresses what comes in pieces, at the level that costs least time.
class Deflater {
 public:
  Deflater();
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void add(std::string_view text);
  /// All that was added; the object begins anew.
  [[nodiscard]] Deflated finish();
  /// Bytes that the result has so far.
  [[nodiscard]] std::size_t size() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The member's beginning: `first` stands before the text, in the same member, so
/// that a cut anywhere leaves a broken one and never half of the text.
[[nodiscard]] std::string gzip_head(std::string_view first);
/// What goes behind Deflated::bytes.
[[nodiscard]] std::string gzip_tail(std::string_view first, const Deflated& rest);

[[nodiscard]] std::uint32_t crc_of(std::string_view text);

}  // namespace netprobe
