// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/deflate.h"

#define ZLIB_CONST  // input is const
#include <zlib.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <utility>

namespace netprobe {
namespace {

constexpr int kRawWindow = -15;  // no frame
constexpr int kMemory = 9;
constexpr std::size_t kPiece = 256U << 10U;

/// A z_stream that deflates without a frame. Out of memory: the end.
class Stream {
 public:
  Stream() {
    if (deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, kRawWindow, kMemory, Z_DEFAULT_STRATEGY) !=
        Z_OK)
      std::abort();
  }
  ~Stream() { deflateEnd(&stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void run(std::string_view text, int flush, std::string& out) {
    do {
      const std::size_t piece = std::min<std::size_t>(text.size(), kPiece);
      stream_.next_in = reinterpret_cast<const Bytef*>(text.data());
      stream_.avail_in = static_cast<uInt>(piece);
      text.remove_prefix(piece);
      const int how = text.empty() ? flush : Z_NO_FLUSH;
      do {
        stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
        stream_.avail_out = static_cast<uInt>(buffer_.size());
        (void)deflate(&stream_, how);
        out.append(buffer_.data(), buffer_.size() - stream_.avail_out);
      } while (stream_.avail_out == 0);
    } while (!text.empty());
  }
  void reset() { (void)deflateReset(&stream_); }

 private:
  z_stream stream_{};
  std::array<char, 64U << 10U> buffer_{};
};

std::uint32_t add_crc(std::uint32_t crc, std::string_view text) {
  return static_cast<std::uint32_t>(
      crc32_z(crc, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

void append_u32(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift & 0xff);
}

}  // namespace

class Deflater::Impl {
 public:
  Stream stream;
  Deflated so_far;
};

Deflater::Deflater() : impl_(std::make_unique<Impl>()) {}
Deflater::~Deflater() = default;

void Deflater::add(std::string_view text) {
  if (text.empty()) return;
  impl_->so_far.crc = add_crc(impl_->so_far.crc, text);
  impl_->so_far.length += text.size();
  impl_->stream.run(text, Z_NO_FLUSH, impl_->so_far.bytes);
}

Deflated Deflater::finish() {
  impl_->stream.run({}, Z_FINISH, impl_->so_far.bytes);
  impl_->stream.reset();
  return std::exchange(impl_->so_far, {});
}

std::size_t Deflater::size() const { return impl_->so_far.bytes.size(); }

std::string gzip_head(std::string_view first) {
  // RFC 1952 2.3: deflate, no flags, no time, fastest, Unix.
  std::string out("\x1f\x8b\x08\0\0\0\0\0\x04\x03", 10);
  Stream stream;
  // Ends at a byte, and what follows refers to nothing before it.
  stream.run(first, Z_FULL_FLUSH, out);
  return out;
}

std::string gzip_tail(std::string_view first, const Deflated& rest) {
  std::string out;
  append_u32(out, static_cast<std::uint32_t>(crc32_combine(crc_of(first), rest.crc,
                                                           static_cast<z_off_t>(rest.length))));
  append_u32(out, static_cast<std::uint32_t>(first.size() + rest.length));
  return out;
}

std::uint32_t crc_of(std::string_view text) { return add_crc(0, text); }

}  // namespace netprobe
