// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/native_block.h"

#include <gtest/gtest.h>

#include "store/clickhouse/row_binary.h"

namespace netprobe {
namespace {

const std::vector<Column> kColumns{{"time", FieldType::kTime},
                                   {"src.ip", FieldType::kAddress},
                                   {"name", FieldType::kText},
                                   {"sum_bytes", FieldType::kCount},
                                   {"avg_rtt", FieldType::kDuration, true}};

void append_column(std::string& out, std::string_view name, std::string_view type,
                   std::string_view data) {
  row_binary::append_text(out, name);
  row_binary::append_text(out, type);
  out += data;
}

/// Two rows; the second has a NULL in every column that may.
std::string block() {
  std::string out("\x05\x02", 2);
  std::string times;
  row_binary::append_number<std::int64_t>(times, -5);
  row_binary::append_number<std::int64_t>(times, 1'790'000'000'000'000);
  append_column(out, "a", "Int64", times);
  std::string addresses("\0\1", 2);
  addresses.append(10, '\0');
  addresses.append("\xff\xff\x0a\x00\x00\x07", 6).append(16, '\0');
  append_column(out, "b", "Nullable(FixedString(16))", addresses);
  append_column(out, "c", "String", std::string("\3a\0\xff\0", 5));
  std::string sums("\0\1", 2);
  row_binary::append_number<std::uint64_t>(sums, UINT64_MAX);
  row_binary::append_number<std::uint64_t>(sums, 0);
  append_column(out, "d", "Nullable(UInt64)", sums);
  std::string averages;
  row_binary::append_number<double>(averages, 0.1);
  row_binary::append_number<double>(averages, -1e300);
  append_column(out, "e", "Float64", averages);
  return out;
}

TEST(NativeBlock, GivesValuesAsTheyAre) {
  const auto rows = decode_native(block(), kColumns, 10);
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0][0], Value(std::int64_t{-5}));
  EXPECT_EQ((*rows)[0][1], Value(IpAddress::v4(0x0a000007)));
  EXPECT_EQ((*rows)[0][2], Value(std::string("a\0\xff", 3)));
  EXPECT_EQ((*rows)[0][3], Value(UINT64_MAX));
  EXPECT_EQ((*rows)[0][4], Value(0.1));
  EXPECT_EQ((*rows)[1][1], Value());
  EXPECT_EQ((*rows)[1][2], Value(std::string()));
  EXPECT_EQ((*rows)[1][3], Value());
}

TEST(NativeBlock, TakesSeveralBlocksUpToTheBound) {
  EXPECT_EQ(decode_native(block() + block() + std::string(2, '\0'), kColumns, 4)->size(), 4U);
  EXPECT_FALSE(decode_native(block() + block(), kColumns, 3));
  EXPECT_EQ(decode_native("", kColumns, 3)->size(), 0U);
}

TEST(NativeBlock, RefusesWhatIsCutOffOrElse) {
  const std::string whole = block();
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_FALSE(decode_native(std::string_view(whole).substr(0, size), kColumns, 10)) << size;
  EXPECT_FALSE(decode_native(whole, {{"one", FieldType::kText}}, 10));
  std::string other("\x01\x01", 2);
  append_column(other, "x", "Array(UInt8)", "\1\1");
  EXPECT_FALSE(decode_native(other, {{"one", FieldType::kText}}, 10));
  // A count that nobody has sent bytes for takes no memory.
  EXPECT_FALSE(decode_native("\x01\xff\xff\xff\xff\xff\xff\xff\x7f", {{"one", FieldType::kText}},
                             SIZE_MAX / 2));
}

TEST(NativeBlock, SmallNumbersAreOfTheirColumn) {
  std::string out("\x02\x01", 2);
  append_column(out, "a", "UInt8", "\1");
  append_column(out, "b", "Int32", std::string("\xfe\xff\xff\xff", 4));
  const auto rows =
      decode_native(out, {{"nat", FieldType::kBool}, {"d", FieldType::kDuration}}, 10);
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)[0][0], Value(true));
  EXPECT_EQ((*rows)[0][1], Value(std::int64_t{-2}));
}

}  // namespace
}  // namespace netprobe
