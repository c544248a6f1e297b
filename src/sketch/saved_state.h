// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/mix_hash.h"
#include "base/result.h"

namespace netprobe {

/// More is no state of ours: a file of this size is not even looked at.
inline constexpr std::size_t kMostStateBytes = std::size_t{16} << 20U;

/// What was learnt, as bytes: "NPSTATE1", a name, a version, numbers in little endian, and a
/// sum over all of it. The sum finds what a disk or an editor did, not a forger: who may
/// write the file may write what was learnt.
class StateWriter {
 public:
  /// Begins `out` anew.
  StateWriter(std::string& out, std::string_view name, std::uint32_t version) : out_(out) {
    out_.assign(kMagic);
    u8(static_cast<std::uint8_t>(name.size()));
    out_ += name;
    u32(version);
  }
  void u8(std::uint8_t value) { out_ += static_cast<char>(value); }
  void u16(std::uint16_t value) { put(value, 2); }
  void u32(std::uint32_t value) { put(value, 4); }
  void u64(std::uint64_t value) { put(value, 8); }
  void i64(std::int64_t value) { u64(static_cast<std::uint64_t>(value)); }
  void bytes(const std::uint8_t* data, std::size_t size) {
    out_.append(reinterpret_cast<const char*>(data), size);
  }
  /// Adds the sum. Nothing may be written after it.
  void finish() { u64(sum_of(out_)); }

  [[nodiscard]] static std::uint64_t sum_of(std::string_view text) {
    return mix_hash(0x6e65747072 + std::uint64_t{text.size()}, text);
  }
  static constexpr std::string_view kMagic = "NPSTATE1";

 private:
  void put(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) u8(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  std::string& out_;
};

/// Reads the same. Past the end all numbers are 0, and ok() is false from then on.
class StateReader {
 public:
  [[nodiscard]] static Result<StateReader> open(std::string_view text, std::string_view name,
                                                std::uint32_t version) {
    const std::string what = "what '" + std::string(name) + "' had learnt ";
    constexpr std::size_t kSum = 8;
    if (text.size() > kMostStateBytes) return fail(what + "is refused: the file is too large");
    if (text.size() < StateWriter::kMagic.size() + kSum || !text.starts_with(StateWriter::kMagic))
      return fail(what + "is refused: it is not a file of learnt state");
    StateReader reader(text.substr(0, text.size() - kSum));
    StateReader sum(text.substr(text.size() - kSum));
    if (sum.u64() != StateWriter::sum_of(reader.left_))
      return fail(what + "is refused: its checksum is wrong, so the file is damaged or cut off");
    reader.left_.remove_prefix(StateWriter::kMagic.size());
    const std::size_t size = reader.u8();
    if (reader.left_.size() < size || reader.left_.substr(0, size) != name)
      return fail(what + "is refused: the file is another detector's");
    reader.left_.remove_prefix(size);
    if (const std::uint32_t is = reader.u32(); is != version || !reader.ok())
      return fail(what + "is refused: its version is " + std::to_string(is) + ", not " +
                  std::to_string(version));
    return reader;
  }
  [[nodiscard]] std::uint8_t u8() { return static_cast<std::uint8_t>(take(1)); }
  [[nodiscard]] std::uint16_t u16() { return static_cast<std::uint16_t>(take(2)); }
  [[nodiscard]] std::uint32_t u32() { return static_cast<std::uint32_t>(take(4)); }
  [[nodiscard]] std::uint64_t u64() { return take(8); }
  [[nodiscard]] std::int64_t i64() { return static_cast<std::int64_t>(take(8)); }
  /// A time of the wall: what cannot be one is pulled in, so that two may be subtracted.
  [[nodiscard]] std::int64_t time() {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 60U;
    const std::uint64_t value = u64();
    return static_cast<std::int64_t>(value < kMost ? value : kMost);
  }
  void bytes(std::uint8_t* data, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) data[i] = u8();
  }
  /// How many entries follow: none where it is more than there may be.
  [[nodiscard]] std::size_t count(std::size_t most) {
    const std::uint32_t n = u32();
    if (n > most || n > left_.size()) ok_ = false;
    return ok_ ? n : 0;
  }
  /// What was read cannot be.
  void refuse() { ok_ = false; }
  [[nodiscard]] bool ok() const { return ok_; }
  /// All was read, and no more is there.
  [[nodiscard]] Status end(std::string_view name) const {
    if (ok_ && left_.empty()) return {};
    return fail("what '" + std::string(name) +
                "' had learnt is refused: its parts do not fit together");
  }

 private:
  explicit StateReader(std::string_view left) : left_(left) {}
  std::uint64_t take(std::size_t size) {
    if (left_.size() < size) {
      ok_ = false;
      left_ = {};
    }
    if (!ok_) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value |= std::uint64_t{static_cast<std::uint8_t>(left_[i])} << (8 * i);
    left_.remove_prefix(size);
    return value;
  }
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace netprobe
