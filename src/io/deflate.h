// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace netprobe {

/// Compresses (RFC 1951), in a frame of gzip (RFC 1952) or in none: ISA-L, which takes a
/// fifth to a half of the time of zlib and libdeflate for about as many bytes. All that
/// NetProbe compresses goes through here, but for what other libraries do themselves.
/// It has some 230 KiB. One thread an object.
class DeflateStream {
 public:
  enum class Frame : std::uint8_t {
    kGzip,  ///< a member of gzip, header and trailer with it
    kNone,  ///< blocks of deflate alone
  };
  /// What a reader shall be able to do with all that was written so far.
  enum class Flush : std::uint8_t {
    kNone,   ///< nothing: a part is kept back, for it to become smaller
    kSync,   ///< read it
    kApart,  ///< the same, and what follows refers to nothing before it
    kEnd,    ///< the end: what is added next begins another stream
  };
  explicit DeflateStream(Frame frame = Frame::kGzip);
  ~DeflateStream();
  DeflateStream(const DeflateStream&) = delete;
  DeflateStream& operator=(const DeflateStream&) = delete;

  /// Appends to `out`. Out of memory is the end of the program; else nothing can fail.
  void add(std::string_view text, Flush flush, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `text` as a member of gzip.
[[nodiscard]] std::string gzip(std::string_view text);
/// What a member of gzip holds; of the program's own making, so it ends the program where it
/// is none.
[[nodiscard]] std::string gunzip(std::string_view packed);

}  // namespace netprobe
