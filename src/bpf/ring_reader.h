// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "base/result.h"

struct ring_buffer;

namespace netprobe {

/// Reads a BPF ring buffer. One thread. The handler gets each record where it
/// lies; it must not keep the span.
class RingReader {
 public:
  using Handler = std::function<void(std::span<const std::byte>)>;
  [[nodiscard]] static Result<RingReader> make(int map_fd, Handler handler);
  RingReader(RingReader&&) noexcept;
  RingReader& operator=(RingReader&&) noexcept;
  ~RingReader();

  /// Readable when a program asked for the reader (a fill mark).
  [[nodiscard]] int fd() const;
  /// Handles all that is there, without waiting; returns how many records.
  std::size_t drain();

 private:
  struct State;
  explicit RingReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace netprobe
