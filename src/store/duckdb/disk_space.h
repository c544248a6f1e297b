// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace netprobe::duck {

/// Whether there is room to write. Says no below a floor, and yes again only a bit
/// above it, so that it does not change its mind at every batch.
class DiskSpace {
 public:
  DiskSpace(std::string directory, std::uint64_t floor)
      : directory_(std::move(directory)), floor_(floor) {}

  /// Looks.
  [[nodiscard]] bool has_room();
  /// Why not.
  [[nodiscard]] std::string problem() const;

 private:
  const std::string directory_;
  const std::uint64_t floor_;
  std::uint64_t free_ = 0;
  bool low_ = false;
};

}  // namespace netprobe::duck
