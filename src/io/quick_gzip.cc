// SPDX-License-Identifier: Apache-2.0
#include "io/quick_gzip.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "io/prefix_code.h"

namespace netprobe {
namespace {

constexpr int kFastest = 1;
constexpr std::size_t kSmall = 4096;         // below, codes of its own are more than they save
constexpr std::size_t kBlock = 256U << 10U;  // bytes of text with one set of codes
constexpr std::size_t kWindow = 32U << 10U;
constexpr unsigned kHashBits = 13;
constexpr std::size_t kStep = 2;   // from one place that is looked at to the next
constexpr std::size_t kLeast = 4;  // of a repeat
constexpr std::size_t kMost = 258;
constexpr std::size_t kAtOnce = 8;  // bytes that are read ahead
constexpr std::size_t kHeader = 10;
constexpr std::size_t kTrailer = 8;

// RFC 1951 3.2.5.
constexpr std::size_t kEnd = 256;
constexpr std::size_t kSymbols = 286;
constexpr std::size_t kDistances = 30;
constexpr std::size_t kLengthBases = 29;
constexpr std::array<std::uint16_t, kLengthBases> kLengthBase{
    3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
    31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr std::array<std::uint8_t, kLengthBases> kLengthExtra{
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};

constexpr auto kLengthSymbol = [] {
  std::array<std::uint8_t, kMost - 2> symbols{};  // by length less 3
  for (std::size_t i = 0; i < kLengthBases; ++i)
    for (std::size_t length = kLengthBase.at(i); length <= kMost; ++length)
      symbols.at(length - 3) = static_cast<std::uint8_t>(i);
  return symbols;
}();

struct Distance {
  std::uint32_t symbol = 0;
  unsigned extra = 0;  ///< bits
};
/// Of a distance less 1.
Distance distance_of(std::uint32_t less) {
  if (less < 4) return {less, 0};
  const auto top = static_cast<unsigned>(std::bit_width(less)) - 1;
  return {2 * top + (less >> (top - 1) & 1U), top - 1};
}

// A token is a byte, or a repeat: its length less 3, and its distance less 1.
constexpr std::uint32_t kRepeat = 1U << 31U;
constexpr unsigned kDistanceBits = 15;
constexpr std::uint32_t kDistanceMask = (1U << kDistanceBits) - 1;

template <typename Number>
Number load(const char* at) {
  Number number = 0;
  std::memcpy(&number, at, sizeof number);
  return number;
}

std::size_t hash_of(const char* at) {
  // Of five bytes: four are too often those of another key.
  return static_cast<std::size_t>((load<std::uint64_t>(at) << 24U) * 0x9e3779b185ebca87ULL >>
                                  (64 - kHashBits));
}

/// How many bytes are the same; `end` is behind what may be read from `b` on.
std::size_t common(const char* a, const char* b, const char* end) {
  const char* const begin = b;
  for (; end - b >= static_cast<std::ptrdiff_t>(kAtOnce); a += kAtOnce, b += kAtOnce) {
    const std::uint64_t other = load<std::uint64_t>(a) ^ load<std::uint64_t>(b);
    if (other != 0)
      return static_cast<std::size_t>(b - begin) +
             static_cast<std::size_t>(std::countr_zero(other)) / 8;
  }
  for (; b < end && *a == *b; ++a, ++b) {
  }
  return static_cast<std::size_t>(b - begin);
}

}  // namespace

struct QuickGzip::Codes {
  std::array<std::uint32_t, kSymbols> symbols_count{};
  std::array<std::uint32_t, kDistances> distances_count{};
  std::array<PrefixCode, kSymbols> symbols;
  std::array<PrefixCode, kDistances> distances;
  std::array<PrefixCode, 16> lengths;  ///< of the codes' own lengths

  [[nodiscard]] std::uint64_t bits() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kSymbols; ++i) {
      const unsigned extra = i > kEnd ? kLengthExtra.at(i - kEnd - 1) : 0;
      sum += std::uint64_t{symbols_count.at(i)} * (symbols.at(i).length + extra);
    }
    for (std::size_t i = 0; i < kDistances; ++i)
      sum +=
          std::uint64_t{distances_count.at(i)} * (distances.at(i).length + (i < 4 ? 0 : i / 2 - 1));
    return sum;
  }
};

QuickGzip::QuickGzip()
    : small_(::libdeflate_alloc_compressor(kFastest)),
      places_(std::size_t{1} << kHashBits),
      codes_(std::make_unique<Codes>()) {
  if (small_ == nullptr) std::abort();  // out of memory
}
QuickGzip::~QuickGzip() { ::libdeflate_free_compressor(small_); }

std::size_t QuickGzip::tokenize(std::string_view text, std::size_t from) {
  const char* const data = text.data();
  const std::size_t stop = std::min(text.size(), from + kBlock);
  // Up to here, and a little further, there are eight bytes to read.
  const std::size_t last = stop < from + 2 * kAtOnce ? from : stop - 2 * kAtOnce;
  tokens_.resize(stop - from + 1);
  std::uint32_t* out = tokens_.data();
  Codes& codes = *codes_;
  codes.symbols_count.fill(0);
  codes.distances_count.fill(0);
  const auto literals = [&](std::size_t begin, std::size_t end) {
    for (; begin < end; ++begin) {
      const auto byte = static_cast<unsigned char>(data[begin]);
      ++codes.symbols_count[byte];
      *out++ = byte;
    }
  };
  std::size_t at = from;
  std::size_t told = from;  // all before is in a token
  while (at < last) {
    std::uint32_t& place = places_[hash_of(data + at)];
    std::size_t other = place;
    place = static_cast<std::uint32_t>(at + 1);
    if (other-- == 0 || at - other > kWindow ||
        load<std::uint32_t>(data + other) != load<std::uint32_t>(data + at)) {
      // Where nothing is alike, it is looked at less closely.
      at += kStep + (at - told) / 64;
      continue;
    }
    // Whatever place it is met at next time, one of these is found.
    for (std::size_t i = 1; i < kStep; ++i)
      places_[hash_of(data + at + i)] = static_cast<std::uint32_t>(at + i + 1);
    std::size_t length = kLeast + common(data + other + kLeast, data + at + kLeast, data + stop);
    while (at > told && other > 0 && data[at - 1] == data[other - 1]) {
      --at;
      --other;
      ++length;
    }
    literals(told, at);
    const auto less = static_cast<std::uint32_t>(at - other - 1);
    const std::uint32_t distance = distance_of(less).symbol;
    at += length;
    told = at;
    while (length > 0) {
      std::size_t piece = std::min(length, kMost);
      if (length - piece > 0 && length - piece < 3) piece -= 3;  // a rest is 3 at least
      ++codes.symbols_count[kEnd + 1 + kLengthSymbol[piece - 3]];
      ++codes.distances_count[distance];
      *out++ = kRepeat | static_cast<std::uint32_t>(piece - 3) << kDistanceBits | less;
      length -= piece;
    }
    if (at < last) places_[hash_of(data + at - 2)] = static_cast<std::uint32_t>(at - 1);
  }
  literals(told, stop);
  tokens_.resize(static_cast<std::size_t>(out - tokens_.data()));
  return stop;
}

void QuickGzip::put_block(bool last) {
  // RFC 1951 3.2.7: the order in which lengths of the code of lengths stand.
  static constexpr std::array<std::uint8_t, 19> kOrder{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                       11, 4,  12, 3, 13, 2, 14, 1, 15};
  constexpr std::size_t kHeadBytes = 600;
  Codes& codes = *codes_;
  codes.symbols_count[kEnd] = 1;
  // A code has two symbols at least.
  codes.symbols_count[0] = std::max(codes.symbols_count[0], 1U);
  for (std::size_t i = 0; i < 2; ++i)
    codes.distances_count[i] = std::max(codes.distances_count[i], 1U);
  make_prefix_codes(codes.symbols_count, 15, codes.symbols);
  make_prefix_codes(codes.distances_count, 15, codes.distances);
  std::array<std::uint32_t, 16> lengths{};
  for (const PrefixCode& code : codes.symbols) ++lengths.at(code.length);
  for (const PrefixCode& code : codes.distances) ++lengths.at(code.length);
  lengths[0] = std::max(lengths[0], 1U);
  lengths[15] = std::max(lengths[15], 1U);
  make_prefix_codes(lengths, 7, codes.lengths);

  out_.resize(std::max(out_.size(), size_ + codes.bits() / 8 + kHeadBytes));
  char* at = out_.data() + size_;
  std::uint64_t bits = bits_;
  unsigned held = held_;
  const auto hold = [&](std::uint64_t more, unsigned count) {
    bits |= more << held;
    held += count;
  };
  // At most 7 bits are left after it: 56 may be held.
  const auto flush = [&] {
    std::memcpy(at, &bits, sizeof bits);
    at += held / 8;
    bits >>= held & ~7U;
    held &= 7U;
  };
  hold(last ? 1 : 0, 1);
  hold(2, 2);  // codes of its own
  hold(kSymbols - 257, 5);
  hold(kDistances - 1, 5);
  hold(kOrder.size() - 4, 4);
  flush();
  for (const std::uint8_t length : kOrder) {
    hold(length < codes.lengths.size() ? codes.lengths.at(length).length : 0, 3);
    flush();
  }
  const auto put_length = [&](const PrefixCode& code) {
    const PrefixCode& own = codes.lengths.at(code.length);
    hold(own.bits, own.length);
    flush();
  };
  for (const PrefixCode& code : codes.symbols) put_length(code);
  for (const PrefixCode& code : codes.distances) put_length(code);
  for (const std::uint32_t token : tokens_) {
    if (token < kRepeat) {
      const PrefixCode& code = codes.symbols[token];
      hold(code.bits, code.length);
      if (held > 40) flush();
      continue;
    }
    flush();
    const std::size_t length = (token & ~kRepeat) >> kDistanceBits;
    const std::size_t symbol = kLengthSymbol[length];
    const PrefixCode& code = codes.symbols[kEnd + 1 + symbol];
    hold(code.bits, code.length);
    hold(length + 3 - kLengthBase[symbol], kLengthExtra[symbol]);
    const std::uint32_t less = token & kDistanceMask;
    const Distance distance = distance_of(less);
    const PrefixCode& far = codes.distances[distance.symbol];
    hold(far.bits, far.length);
    hold(less & ((1U << distance.extra) - 1), distance.extra);
    flush();
  }
  flush();
  hold(codes.symbols[kEnd].bits, codes.symbols[kEnd].length);
  flush();
  size_ = static_cast<std::size_t>(at - out_.data());
  bits_ = bits;
  held_ = held;
}

std::string_view QuickGzip::compress(std::string_view text) {
  if (text.size() < kSmall) {
    out_.resize(std::max(out_.size(), ::libdeflate_gzip_compress_bound(small_, text.size())));
    size_ = ::libdeflate_gzip_compress(small_, text.data(), text.size(), out_.data(), out_.size());
    return std::string_view(out_).substr(0, size_);
  }
  // Deflated, no flags, no time, quickest, Unix (RFC 1952 2.3).
  static constexpr std::array<char, kHeader> kHead{'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 4, 3};
  out_.resize(std::max(out_.size(), kHeader));
  std::ranges::copy(kHead, out_.begin());
  size_ = kHeader;
  bits_ = 0;
  held_ = 0;
  std::ranges::fill(places_, 0);
  for (std::size_t at = 0; at < text.size();) {
    at = tokenize(text, at);
    put_block(at == text.size());
  }
  out_.resize(std::max(out_.size(), size_ + 1 + kTrailer));
  if (held_ > 0) out_[size_++] = static_cast<char>(bits_);
  std::uint64_t trailer = std::uint64_t{static_cast<std::uint32_t>(text.size())} << 32U |
                          ::libdeflate_crc32(0, text.data(), text.size());
  for (std::size_t i = 0; i < kTrailer; ++i, trailer >>= 8U)
    out_[size_++] = static_cast<char>(trailer);
  return std::string_view(out_).substr(0, size_);
}

}  // namespace netprobe
