// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace netprobe::ipfix {

inline constexpr std::size_t kMessageHeader = 16;
inline constexpr std::size_t kSetHeader = 4;
inline constexpr std::uint16_t kTemplateSet = 2;
inline constexpr std::uint16_t kOptionsTemplateSet = 3;
inline constexpr std::uint16_t kFirstDataSet = 256;

/// One message (RFC 7011 3) in a buffer of fixed size: sets, and what is in them, in
/// network order. What does not fit is refused and leaves no trace: take a mark() and
/// go back to it.
class MessageBuffer {
 public:
  explicit MessageBuffer(std::size_t most) : bytes_(most) {}

  void clear() {
    size_ = kMessageHeader;
    set_ = 0;
    overflow_ = false;
  }
  [[nodiscard]] bool empty() const { return size_ == kMessageHeader; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Something did not fit since the last mark().
  [[nodiscard]] bool overflow() const { return overflow_; }

  struct Mark {
    std::size_t size = 0;
    std::size_t set = 0;
    std::uint16_t set_id = 0;
  };
  [[nodiscard]] Mark mark() {
    overflow_ = false;
    return {size_, set_, set_id_};
  }
  void back_to(const Mark& mark) {
    size_ = mark.size;
    set_ = mark.set;
    set_id_ = mark.set_id;
    overflow_ = false;
  }

  /// What follows belongs into a set of this number; one that is open goes on.
  void in_set(std::uint16_t id) {
    if (set_ != 0 && set_id_ == id) return;
    close_set();
    set_ = size_;
    set_id_ = id;
    put16(id);
    put16(0);
  }
  /// Templates of one set end with it.
  void close_set() {
    if (set_ == 0) return;
    store16(set_ + 2, static_cast<std::uint16_t>(size_ - set_));
    set_ = 0;
  }

  void put8(std::uint64_t value) {
    if (room(1)) bytes_[size_++] = static_cast<std::uint8_t>(value);
  }
  void put16(std::uint64_t value) { put(value, 2); }
  void put32(std::uint64_t value) { put(value, 4); }
  void put64(std::uint64_t value) { put(value, 8); }
  void put(std::uint64_t value, std::size_t width) {
    if (!room(width)) return;
    for (std::size_t i = width; i-- > 0;)
      bytes_[size_++] = static_cast<std::uint8_t>(value >> (i * 8));
  }
  void put_bytes(std::span<const std::uint8_t> bytes) {
    if (bytes.empty() || !room(bytes.size())) return;
    std::memcpy(bytes_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  /// With its length before it (RFC 7011 7).
  void put_text(std::string_view text) {
    constexpr std::size_t kShort = 255;
    if (text.size() < kShort) {
      put8(text.size());
    } else {
      put8(kShort);
      put16(text.size());
    }
    put_bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }

  /// The whole message; `seconds` since the epoch.
  [[nodiscard]] std::span<const std::uint8_t> finish(std::uint32_t seconds, std::uint32_t sequence,
                                                     std::uint32_t domain) {
    constexpr std::uint16_t kVersion = 10;
    close_set();
    store16(0, kVersion);
    store16(2, static_cast<std::uint16_t>(size_));
    store32(4, seconds);
    store32(8, sequence);
    store32(12, domain);
    return {bytes_.data(), size_};
  }

 private:
  [[nodiscard]] bool room(std::size_t more) {
    if (size_ + more <= bytes_.size()) return true;
    overflow_ = true;
    return false;
  }
  void store16(std::size_t at, std::uint16_t value) {
    if (at + 2 > bytes_.size()) return;
    bytes_[at] = static_cast<std::uint8_t>(value >> 8U);
    bytes_[at + 1] = static_cast<std::uint8_t>(value);
  }
  void store32(std::size_t at, std::uint32_t value) {
    store16(at, static_cast<std::uint16_t>(value >> 16U));
    store16(at + 2, static_cast<std::uint16_t>(value));
  }

  std::vector<std::uint8_t> bytes_;
  std::size_t size_ = kMessageHeader;
  std::size_t set_ = 0;  ///< where the open one begins; 0: none is
  std::uint16_t set_id_ = 0;
  bool overflow_ = false;
};

}  // namespace netprobe::ipfix
