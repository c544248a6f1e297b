// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/duration.h"

namespace netprobe {
namespace {

// Found by fuzzing: seconds since 1970 fit where nanoseconds do not.
TEST(ParseTime, RefusesYearsBeyondNanoseconds) {
  EXPECT_FALSE(parse_time("4052-01-02T03:04:05Z", 0));
  EXPECT_FALSE(parse_time("0001-01-01T00:00:00Z", 0));
  EXPECT_TRUE(parse_time("2262-01-01T00:00:00Z", 0));
  EXPECT_TRUE(parse_time("1700-01-01T00:00:00+23:59", 0));
}

}  // namespace
}  // namespace netprobe
