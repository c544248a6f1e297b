// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace netprobe {

/// Where bytes come from: a file, a pipe, memory.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills the front of `into`; how much it filled, at least 1 unless the end
  /// is reached, then 0. Blocks.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

/// Bytes in memory that somebody else owns and keeps.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::uint8_t> bytes) : rest_(bytes) {}
  [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> into) override;

 private:
  std::span<const std::uint8_t> rest_;
};

/// An open file or pipe, from where it stands.
class FdSource final : public ByteSource {
 public:
  explicit FdSource(UniqueFd fd) : fd_(std::move(fd)) {}
  [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> into) override;

 private:
  UniqueFd fd_;
};

/// Looks ahead in a source by a wanted number of bytes. Holds at most what one
/// peek() asked for, and its read-ahead.
class PeekReader {
 public:
  /// Borrows the source.
  explicit PeekReader(ByteSource& source);

  /// At least `n` contiguous bytes, or all that are left where the source ends
  /// before. Valid until the next call.
  [[nodiscard]] Result<std::span<const std::uint8_t>> peek(std::size_t n);
  /// Moves on by `n` bytes; fewer where the source ends. Returns how many.
  [[nodiscard]] Result<std::uint64_t> skip(std::uint64_t n);
  /// Moves on by `n` bytes that the last peek() gave.
  void consume(std::size_t n);
  /// Bytes moved over since the start.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  ByteSource& source_;
  std::vector<std::uint8_t> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool at_end_ = false;
  std::uint64_t offset_ = 0;
};

}  // namespace netprobe
