// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace netprobe {

/// A line on standard error that says how far a long job is; only where that is
/// a terminal and the job takes a second or more. Borrows the clock.
class Progress {
 public:
  /// `total` 0: not known, as of a pipe.
  Progress(const Clock& clock, std::uint64_t total, bool terminal);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Cheap enough for every thousandth packet.
  void update(std::uint64_t done, std::uint64_t packets);
  /// Takes the line away again.
  void clear();

  /// The line: "[#####.....]  50%  1.2M packets  3.4s left".
  [[nodiscard]] static std::string line(std::uint64_t done, std::uint64_t total,
                                        std::uint64_t packets, Nanos elapsed);

 private:
  const Clock& clock_;
  std::uint64_t total_;
  bool terminal_;
  Nanos started_;
  Nanos drawn_ = 0;
};

}  // namespace netprobe
