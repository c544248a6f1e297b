// SPDX-License-Identifier: Apache-2.0
#include "io/deflate.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace netprobe {
namespace {

// With Huffman codes made for the text, as zlib's level 1 has them: a sixth smaller than
// level 0 for hardly more time.
constexpr std::uint32_t kLevel = 1;
// A stream counts in 32 bits.
constexpr std::size_t kPiece = 1U << 30U;
constexpr std::size_t kLeastRoom = 16U << 10U;

}  // namespace

struct DeflateStream::State {
  isal_zstream stream;
  std::array<std::uint8_t, ISAL_DEF_LVL1_MEDIUM> level;
  std::uint16_t frame;

  void begin() {
    ::isal_deflate_init(&stream);
    stream.level = kLevel;
    stream.level_buf = level.data();
    stream.level_buf_size = static_cast<std::uint32_t>(level.size());
    stream.gzip_flag = frame;
  }
  [[nodiscard]] bool is_over() const { return stream.internal_state.state == ZSTATE_END; }

  /// Takes all of a piece.
  void run(std::string_view piece, std::string& out) {
    // It is not written to.
    stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(piece.data()));
    stream.avail_in = static_cast<std::uint32_t>(piece.size());
    // Texts that are worth it become a quarter or less.
    std::size_t room = std::max(kLeastRoom, piece.size() / 4);
    do {
      const std::size_t before = out.size();
      out.resize_and_overwrite(before + room, [&](char* data, std::size_t) {
        stream.next_out = reinterpret_cast<std::uint8_t*>(data + before);
        stream.avail_out = static_cast<std::uint32_t>(room);
        // Anything else would be a parameter that it does not know.
        if (::isal_deflate(&stream) != COMP_OK) std::abort();
        return before + room - stream.avail_out;
      });
      // Until it does not fill what it is given, there is more to come.
    } while (stream.avail_out == 0 && !is_over());
    if (stream.avail_in != 0) std::abort();
  }
};

DeflateStream::DeflateStream(Frame frame) : state_(std::make_unique_for_overwrite<State>()) {
  state_->frame = frame == Frame::kGzip ? IGZIP_GZIP : IGZIP_DEFLATE;
  state_->begin();
}
DeflateStream::~DeflateStream() = default;

void DeflateStream::add(std::string_view text, Flush flush, std::string& out) {
  isal_zstream& stream = state_->stream;
  do {
    const std::string_view piece = text.substr(0, kPiece);
    text.remove_prefix(piece.size());
    const bool last = text.empty();
    stream.end_of_stream = last && flush == Flush::kEnd ? 1 : 0;
    stream.flush = NO_FLUSH;
    if (last && flush == Flush::kSync) stream.flush = SYNC_FLUSH;
    if (last && flush == Flush::kApart) stream.flush = FULL_FLUSH;
    state_->run(piece, out);
  } while (!text.empty());
  if (flush == Flush::kEnd) state_->begin();
}

std::string gzip(std::string_view text) {
  std::string out;
  DeflateStream().add(text, DeflateStream::Flush::kEnd, out);
  return out;
}

std::string gunzip(std::string_view packed) {
  inflate_state state;
  ::isal_inflate_init(&state);
  state.crc_flag = ISAL_GZIP;
  // It is not written to.
  state.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(packed.data()));
  state.avail_in = static_cast<std::uint32_t>(packed.size());
  std::string out;
  const std::size_t room = std::max(kLeastRoom, packed.size() * 4);
  while (state.block_state != ISAL_BLOCK_FINISH) {
    const std::size_t before = out.size();
    out.resize_and_overwrite(before + room, [&](char* data, std::size_t) {
      state.next_out = reinterpret_cast<std::uint8_t*>(data + before);
      state.avail_out = static_cast<std::uint32_t>(room);
      if (::isal_inflate(&state) != ISAL_DECOMP_OK) std::abort();
      return before + room - state.avail_out;
    });
    if (out.size() == before && state.block_state != ISAL_BLOCK_FINISH) std::abort();
  }
  return out;
}

}  // namespace netprobe
