// SPDX-License-Identifier: Apache-2.0
#include "io/gzip.h"

#define ZLIB_CONST  // input is const
#include <zlib.h>

#include <limits>

namespace netprobe {
namespace {

bool begin(z_stream& stream) {
  // 15 bits of window, 16 more for gzip's own frame instead of zlib's.
  constexpr int kGzipWindow = 15 + 16;
  constexpr int kMemory = 8;
  return deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemory,
                      Z_DEFAULT_STRATEGY) == Z_OK;
}

}  // namespace

std::optional<std::string> gzip(std::string_view text) {
  if (text.size() > std::numeric_limits<uInt>::max() / 2) return std::nullopt;
  z_stream stream{};
  if (!begin(stream)) return std::nullopt;
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return std::nullopt;
  return out;
}

struct GzipStream::State {
  z_stream stream{};
  bool good = false;
};

GzipStream::GzipStream() : state_(std::make_unique<State>()) {
  state_->good = begin(state_->stream);
}

GzipStream::~GzipStream() {
  if (state_->good) deflateEnd(&state_->stream);
}

bool GzipStream::add(std::string_view text, bool last, std::string& out) {
  if (!state_->good || text.size() > std::numeric_limits<uInt>::max() / 2) return false;
  z_stream& stream = state_->stream;
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  for (;;) {
    // Until it does not fill what it is given, there is more to come.
    constexpr std::size_t kRoom = 16UL * 1024;
    const std::size_t before = out.size();
    out.resize(before + kRoom);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(kRoom);
    const int result = deflate(&stream, last ? Z_FINISH : Z_SYNC_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (result == Z_STREAM_END) return true;
    // Z_BUF_ERROR: there was nothing more to do.
    if (result != Z_OK && result != Z_BUF_ERROR) return false;
    if (!last && stream.avail_out > 0) return true;
  }
}

}  // namespace netprobe
