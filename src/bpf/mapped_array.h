// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

#include "base/result.h"

namespace netprobe {

/// A BPF_F_MMAPABLE array map in the process's memory, writable. Owns the
/// mapping, not the map.
class MappedMemory {
 public:
  /// Maps `bytes` of the map behind `map_fd`, rounded up to pages.
  [[nodiscard]] static Result<MappedMemory> make(int map_fd, std::size_t bytes);
  MappedMemory(MappedMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MappedMemory& operator=(MappedMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;
  ~MappedMemory();

  [[nodiscard]] void* data() const { return data_; }

 private:
  MappedMemory(void* data, std::size_t size) : data_(data), size_(size) {}
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The same as an array of T, one per entry of the map.
template <typename T>
class MappedArray {
 public:
  [[nodiscard]] static Result<MappedArray> make(int map_fd, std::size_t entries) {
    static_assert(sizeof(T) % 8 == 0, "array maps round values up to 8 bytes");
    auto memory = MappedMemory::make(map_fd, entries * sizeof(T));
    if (!memory) return std::unexpected(memory.error());
    return MappedArray(std::move(*memory), entries);
  }
  [[nodiscard]] std::size_t size() const { return entries_; }
  T& operator[](std::size_t i) const { return static_cast<T*>(memory_.data())[i]; }

 private:
  MappedArray(MappedMemory memory, std::size_t entries)
      : memory_(std::move(memory)), entries_(entries) {}
  MappedMemory memory_;
  std::size_t entries_;
};

}  // namespace netprobe
