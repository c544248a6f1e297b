// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/history_file.h"

#include <gtest/gtest.h>

namespace netprobe::duck {
namespace {

TEST(HistoryFileNameTest, IsReadAsItWasWritten) {
  for (const FileName& name :
       {FileName{.kind = FileKind::kRaw, .sequence = 12, .period = "20261126T101500"},
        FileName{.kind = FileKind::kMinute, .period = "20261126"},
        FileName{.kind = FileKind::kHour, .period = "202611"},
        FileName{.kind = FileKind::kEvents, .period = "20261126", .turn = 2}}) {
    const auto again = parse_file_name(format_file_name(name));
    ASSERT_TRUE(again.has_value()) << format_file_name(name);
    EXPECT_EQ(*again, name);
  }
}

TEST(HistoryFileNameTest, OthersFilesAreNone) {
  for (const char* name :
       {"raw-1.duckdb", "raw--20261126T101500.duckdb", "raw-1-20261126X101500.duckdb",
        "raw-1-2026112xT101500.duckdb", "minute-2026112.duckdb", "hour-20261126.duckdb",
        "events-20261126-1.duckdb", "events-20261126-x.duckdb", "other-20261126.duckdb",
        "minute-20261126", "minute-20261126.duckdb.wal", "-.duckdb", ".duckdb",
        "raw-99999999999999999999-20261126T101500.duckdb"})
    EXPECT_FALSE(parse_file_name(name).has_value()) << name;
}

TEST(HistoryFileNameTest, PeriodsAreUtc) {
  EXPECT_EQ(format_stamp(1'764'151'200'000'000), "20251126T100000");
  EXPECT_EQ(format_stamp(-5), "19700101T000000");
  EXPECT_EQ(period_of(FileKind::kMinute, "20251126T100000"), "20251126");
  EXPECT_EQ(period_of(FileKind::kHour, "20251126T100000"), "202511");
}

TEST(TimeRangeTest, MeetsWhatOverlapsIt) {
  TimeRange range;
  EXPECT_FALSE(range.meets({}, {}));
  range.add(10);
  range.add(5);
  TimeRange other;
  other.add(20);
  range.add(other);
  range.add(TimeRange{});
  EXPECT_EQ(range.oldest, 5);
  EXPECT_EQ(range.newest, 20);
  EXPECT_EQ(range.rows, 3U);
  EXPECT_TRUE(range.meets({}, {}));
  EXPECT_TRUE(range.meets(20, {}));
  EXPECT_FALSE(range.meets(21, {}));
  EXPECT_TRUE(range.meets({}, 6));
  EXPECT_FALSE(range.meets({}, 5));
}

}  // namespace
}  // namespace netprobe::duck
