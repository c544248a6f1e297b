// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/deflate.h"

#define ZLIB_CONST  // input is const
#include <zlib.h>

#include <utility>

#include "io/deflate.h"

namespace netprobe {
namespace {

using Frame = DeflateStream::Frame;
using Flush = DeflateStream::Flush;

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
  DeflateStream stream{Frame::kNone};
  Deflated so_far;
};

Deflater::Deflater() : impl_(std::make_unique<Impl>()) {}
Deflater::~Deflater() = default;

void Deflater::add(std::string_view text) {
  if (text.empty()) return;
  impl_->so_far.crc = add_crc(impl_->so_far.crc, text);
  impl_->so_far.length += text.size();
  impl_->stream.add(text, Flush::kNone, impl_->so_far.bytes);
}

Deflated Deflater::finish() {
  impl_->stream.add({}, Flush::kEnd, impl_->so_far.bytes);
  return std::exchange(impl_->so_far, {});
}

std::size_t Deflater::size() const { return impl_->so_far.bytes.size(); }

std::string gzip_head(std::string_view first) {
  // RFC 1952 2.3: deflate, no flags, no time, fastest, Unix.
  std::string out("\x1f\x8b\x08\0\0\0\0\0\x04\x03", 10);
  // Ends at a byte.
  DeflateStream(Frame::kNone).add(first, Flush::kApart, out);
  return out;
}

std::string gzip_tail(std::string_view first, const Deflated& rest) {
  std::string out;
  append_u32(out, static_cast<std::uint32_t>(
                      crc32_combine(crc_of(first), rest.crc, static_cast<z_off_t>(rest.length))));
  append_u32(out, static_cast<std::uint32_t>(first.size() + rest.length));
  return out;
}

std::uint32_t crc_of(std::string_view text) { return add_crc(0, text); }

}  // namespace netprobe
