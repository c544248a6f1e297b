// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace netprobe {

/// Writes messages in the wire format of Protocol Buffers, for the few that are
/// written so often that a generated message would be most of the work. Names of
/// fields are in the .proto that each caller names.
class ProtoWriter {
 public:
  explicit ProtoWriter(std::string& out) : out_(out) {}

  void varint(std::uint64_t value) {
    if (value < 0x80) {
      out_ += static_cast<char>(value);
      return;
    }
    char bytes[kMostVarint];
    out_.append(bytes, put_varint(bytes, value));
  }
  /// uint32, uint64, bool, enum; int64 as its two's complement.
  void number(std::uint32_t field, std::uint64_t value) {
    tag(field, 0);
    varint(value);
  }
  /// fixed64, sfixed64.
  void fixed(std::uint32_t field, std::uint64_t value) {
    tag(field, 1);
    little_endian(value);
  }
  void real(std::uint32_t field, double value) {
    fixed(field, std::bit_cast<std::uint64_t>(value));
  }
  /// string (which must be UTF-8), bytes, a whole message.
  void text(std::uint32_t field, std::string_view value) {
    tag(field, 2);
    varint(value.size());
    out_ += value;
  }
  void little_endian(std::uint64_t value) {
    char bytes[8];
    for (char& byte : bytes) {
      byte = static_cast<char>(value);
      value >>= 8U;
    }
    out_.append(bytes, sizeof(bytes));
  }

  /// A message, or packed numbers, of a size that is known in the end: call end() with
  /// what begin() gave. They nest.
  [[nodiscard]] std::size_t begin(std::uint32_t field) {
    tag(field, 2);
    out_ += '\0';
    return out_.size();
  }
  void end(std::size_t begun);

  static constexpr std::size_t kMostVarint = 10;  ///< bytes
  /// Where there is room for it; what is behind it.
  [[nodiscard]] static char* put_varint(char* at, std::uint64_t value) {
    while (value >= 0x80) {
      *at++ = static_cast<char>(value | 0x80U);
      value >>= 7U;
    }
    *at++ = static_cast<char>(value);
    return at;
  }
  [[nodiscard]] static std::size_t varint_size(std::uint64_t value) {
    return (static_cast<std::size_t>(std::bit_width(value | 1U)) + 6) / 7;
  }

 private:
  void tag(std::uint32_t field, std::uint32_t type) { varint(field << 3U | type); }
  std::string& out_;
};

/// Reads fields of a message that somebody else sent. What is cut off or no message
/// ends it.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view message) : rest_(message) {}
  /// The next field; false: there is none, or what follows is broken.
  [[nodiscard]] bool next();
  [[nodiscard]] std::uint32_t field() const { return field_; }
  /// Of numbers of any width; 0 of others.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// Of strings, bytes and messages; empty of others.
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  /// It is a string, bytes or a message.
  [[nodiscard]] bool has_bytes() const { return has_bytes_; }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  [[nodiscard]] bool read_varint(std::uint64_t& value);
  [[nodiscard]] bool read_fixed(std::size_t size);
  [[nodiscard]] bool read_value(std::uint32_t type);

  std::string_view rest_;
  std::string_view bytes_;
  std::uint64_t number_ = 0;
  std::uint32_t field_ = 0;
  bool has_bytes_ = false;
  bool broken_ = false;
};

}  // namespace netprobe
