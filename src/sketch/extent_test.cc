// SPDX-License-Identifier: Apache-2.0
#include "sketch/extent.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sketch/keyed_hash.h"

namespace netprobe {
namespace {

TEST(Extent, IsWithinItsError) {
  for (const std::uint64_t many : {3U, 40U, 1'000U, 65'000U}) {
    double sum = 0;
    constexpr int kRounds = 20;
    for (std::uint64_t round = 0; round < kRounds; ++round) {
      Extent extent;
      for (std::uint64_t i = 0; i < many; ++i)
        for (int again = 0; again < 2; ++again) extent.add(keyed_hash(i << 20U | round));
      const double off = static_cast<double>(extent.estimate()) / static_cast<double>(many) - 1;
      sum += off * off;
    }
    EXPECT_LE(std::sqrt(sum / kRounds), 0.25) << many;
  }
  EXPECT_EQ(Extent{}.estimate(), 0U);
}

}  // namespace
}  // namespace netprobe
