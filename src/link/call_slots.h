// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace netprobe {

/// Bounds how many calls of a kind run at once.
class CallSlots {
 public:
  explicit CallSlots(std::size_t most) : most_(most), used_(std::make_shared<Count>(0)) {}

  /// A place, free again when it goes. Outlives the slots where it has to.
  class Slot {
   public:
    Slot() = default;
    Slot(Slot&&) noexcept = default;
    Slot& operator=(Slot&&) noexcept = default;
    ~Slot() {
      if (used_) --*used_;
    }
    [[nodiscard]] explicit operator bool() const { return used_ != nullptr; }

   private:
    friend CallSlots;
    explicit Slot(std::shared_ptr<std::atomic<std::size_t>> used) : used_(std::move(used)) {}
    std::shared_ptr<std::atomic<std::size_t>> used_;
  };
  /// An empty one where there is no room.
  [[nodiscard]] Slot take() {
    if (++*used_ <= most_) {
      ++taken_;
      return Slot(used_);
    }
    --*used_;
    ++refused_;
    return {};
  }
  [[nodiscard]] std::size_t used() const { return *used_; }
  /// Since the start, those that are over among them.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  /// Since the start.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::size_t most() const { return most_; }

 private:
  using Count = std::atomic<std::size_t>;
  const std::size_t most_;
  const std::shared_ptr<Count> used_;
  std::atomic<std::uint64_t> taken_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
};

}  // namespace netprobe
