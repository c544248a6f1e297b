// SPDX-License-Identifier: Apache-2.0
#include "io/byte_source.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace netprobe {
namespace {

// One read of a pipe or of the page cache: larger ones are not faster.
constexpr std::size_t kReadAhead = 64UL * 1024;

}  // namespace

Result<std::size_t> MemorySource::read(std::span<std::uint8_t> into) {
  const auto size = std::min(into.size(), rest_.size());
  if (size > 0) std::memcpy(into.data(), rest_.data(), size);
  rest_ = rest_.subspan(size);
  return size;
}

Result<std::size_t> FdSource::read(std::span<std::uint8_t> into) {
  for (;;) {
    const auto got = ::read(fd_.get(), into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return fail_errno("cannot read");
  }
}

PeekReader::PeekReader(ByteSource& source) : source_(source), buffer_(kReadAhead) {}

Result<std::span<const std::uint8_t>> PeekReader::peek(std::size_t n) {
  if (buffer_.size() - begin_ < n && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ - begin_ < n && !at_end_) {
    // Grows with what really comes: a length that a broken file claims is not
    // yet a reason to hold so much.
    if (end_ == buffer_.size()) buffer_.resize(std::min(begin_ + n, buffer_.size() * 2));
    const auto got = source_.read(std::span(buffer_).subspan(end_));
    if (!got) return std::unexpected(got.error());
    end_ += *got;
    at_end_ = *got == 0;
  }
  return std::span<const std::uint8_t>(buffer_).subspan(begin_, end_ - begin_);
}

Result<std::uint64_t> PeekReader::skip(std::uint64_t n) {
  std::uint64_t done = 0;
  while (done < n) {
    const auto bytes = peek(1);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) break;
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(bytes->size(), n - done));
    consume(step);
    done += step;
  }
  return done;
}

void PeekReader::consume(std::size_t n) {
  begin_ += n;
  offset_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

}  // namespace netprobe
