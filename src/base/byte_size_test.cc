// SPDX-License-Identifier: Apache-2.0
#include "base/byte_size.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

TEST(ByteSize, IsReadWithEveryUnit) {
  EXPECT_EQ(*parse_byte_size("2GiB"), 2ULL << 30);
  EXPECT_EQ(*parse_byte_size("128Mi"), 128ULL << 20);
  EXPECT_EQ(*parse_byte_size("500MB"), 500'000'000U);
  EXPECT_EQ(*parse_byte_size("64k"), 64'000U);
  EXPECT_EQ(*parse_byte_size("1.5KiB"), 1536U);
  EXPECT_EQ(*parse_byte_size("3TiB"), 3ULL << 40);
  EXPECT_EQ(*parse_byte_size("7B"), 7U);
  EXPECT_EQ(*parse_byte_size("65536"), 65'536U);
  EXPECT_EQ(*parse_byte_size("0"), 0U);
}

TEST(ByteSize, OtherwiseItIsAnError) {
  for (const char* text :
       {"", "G", "-1", "1GB ", "1Gb", "1XiB", "1iB", "1GiBB", "nan", "9e30", "inf"}) {
    const auto size = parse_byte_size(text);
    ASSERT_FALSE(size) << text;
    EXPECT_NE(size.error().message.find("is not a size"), std::string::npos);
    EXPECT_EQ(size.error().kind, ErrorKind::kUsage);
  }
}

TEST(ByteSize, IsWrittenExactly) {
  for (const std::uint64_t bytes :
       {0ULL, 1ULL, 1023ULL, 1024ULL, 1536ULL, 128ULL << 20, 2ULL << 30})
    EXPECT_EQ(*parse_byte_size(format_byte_size(bytes)), bytes);
  EXPECT_EQ(format_byte_size(2ULL << 30), "2GiB");
  EXPECT_EQ(format_byte_size(1536), "1536B");
}

}  // namespace
}  // namespace netprobe
