// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/finding.h"
#include "model/history.h"

namespace netprobe {

/// Connections of the last window, in tenths of it: the window is 9 to 10 of them long.
class AttemptRate {
 public:
  static constexpr std::uint32_t kParts = 10;
  /// `window`: seconds, the same in all calls. `alike`: it looks like a failed login.
  void add(std::uint32_t now, std::uint32_t window, bool alike);
  [[nodiscard]] std::uint32_t attempts(std::uint32_t now, std::uint32_t window) const;
  [[nodiscard]] std::uint32_t others(std::uint32_t now, std::uint32_t window) const;

 private:
  using Counts = std::array<std::uint16_t, kParts>;
  [[nodiscard]] std::uint32_t sum(const Counts& counts, std::uint32_t part) const;
  Counts alike_{};
  Counts other_{};
  std::uint32_t part_ = 0;  ///< the newest, since the epoch
};

/// How much sizes differ, the last fifty mostly: exponentially weighted mean and variance.
class Similarity {
 public:
  void add(double value);
  /// Standard deviation by mean.
  [[nodiscard]] double variation() const;

 private:
  double mean_ = 0;
  double variance_ = 0;
  double count_ = 0;
};

/// Who the other ends of attempts are, the last 32 of them.
class OtherEnds {
 public:
  static constexpr std::size_t kMost = 32;
  void add(const IpAddress& address, std::uint32_t now);
  struct Sum {
    std::uint32_t ends = 0;
    std::uint32_t attempts = 0;
    std::uint32_t most = 0;  ///< of one end
  };
  [[nodiscard]] Sum since(std::uint32_t begin) const;

 private:
  struct End {
    std::uint32_t hash = 0;
    std::uint32_t last = 0;
    std::uint32_t count = 0;
  };
  std::array<End, kMost> ends_{};
};

/// Flows that show it: the newest few.
class AttemptEvidence {
 public:
  void add(const FlowRecord& record, std::uint32_t packets, std::uint32_t bytes);
  [[nodiscard]] std::vector<EvidenceFlow> all() const;

 private:
  static constexpr std::size_t kMost = 5;
  std::array<EvidenceFlow, kMost> flows_{};
  std::uint32_t added_ = 0;
};

}  // namespace netprobe
