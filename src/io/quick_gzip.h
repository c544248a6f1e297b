// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct libdeflate_compressor;

namespace netprobe {

/// Compresses texts that are much alike, line by line, of which compression is most of the
/// work: what exporters send. It looks for repeats as LZ4 does, at every other place and
/// nowhere within a repeat that it has found: a fifth less time than libdeflate's quickest
/// level for a twentieth more bytes (records as OTLP logs). One thread an object.
class QuickGzip {
 public:
  QuickGzip();
  ~QuickGzip();
  QuickGzip(const QuickGzip&) = delete;
  QuickGzip& operator=(const QuickGzip&) = delete;

  /// A gzip member (RFC 1952); it holds until the next call.
  [[nodiscard]] std::string_view compress(std::string_view text);

 private:
  struct Codes;
  /// Finds repeats from `from` on, as tokens; where it ended.
  std::size_t tokenize(std::string_view text, std::size_t from);
  void put_block(bool last);

  libdeflate_compressor* small_;       ///< of texts too short to be worth codes of their own
  std::vector<std::uint32_t> places_;  ///< by hash: where it was last, plus 1
  std::vector<std::uint32_t> tokens_;  ///< of a block
  std::unique_ptr<Codes> codes_;       ///< of a block
  std::uint64_t bits_ = 0;             ///< that are not written yet
  unsigned held_ = 0;                  ///< so many
  std::string out_;
  std::size_t size_ = 0;  ///< of what is in `out_`
};

}  // namespace netprobe
