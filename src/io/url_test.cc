// SPDX-License-Identifier: Apache-2.0
#include "io/url.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

TEST(PercentDecode, DecodesBothCasesOfHex) {
  EXPECT_EQ(percent_decode("a%2Fb%2fc", false).value(), "a/b/c");
}

TEST(PercentDecode, TakesPlusAsSpaceOnlyInForms) {
  EXPECT_EQ(percent_decode("a+b", true).value(), "a b");
  EXPECT_EQ(percent_decode("a+b", false).value(), "a+b");
}

TEST(PercentDecode, RefusesWhatIsNoEscape) {
  for (const char* text : {"%", "%4", "%zz", "a%", "%4g", "%%41"})
    EXPECT_FALSE(percent_decode(text, false)) << text;
}

TEST(PercentDecode, RefusesNul) { EXPECT_FALSE(percent_decode("10.0.0.1%00", true)); }

TEST(PercentEncode, IsUndoneByDecode) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_decode(percent_encode(all), false).value(), all);
  EXPECT_EQ(percent_encode("a b/~"), "a%20b%2F~");
}

TEST(ParseQuery, KeepsOrderAndDuplicates) {
  const QueryParams expected{{"b", "2"}, {"a", "1"}, {"b", "3"}};
  EXPECT_EQ(parse_query("b=2&a=1&b=3").value(), expected);
}

TEST(ParseQuery, TakesNamesWithoutValueAndEmptyPieces) {
  const QueryParams expected{{"a", ""}, {"b", ""}, {"c", "x=y"}};
  EXPECT_EQ(parse_query("&a&b=&&c=x=y&").value(), expected);
  EXPECT_TRUE(parse_query("").value().empty());
}

TEST(ParseQuery, SplitsBeforeItDecodes) {
  const QueryParams expected{{"a&b", "c=d"}};
  EXPECT_EQ(parse_query("a%26b=c%3Dd").value(), expected);
}

TEST(ParseTarget, TakesOriginAndAbsoluteForm) {
  EXPECT_EQ(parse_target("/api/flows?port=1").value().path, "/api/flows");
  const auto absolute = parse_target("http://node:8081/api/flows?port=1").value();
  EXPECT_EQ(absolute.path, "/api/flows");
  EXPECT_EQ(absolute.query, (QueryParams{{"port", "1"}}));
  EXPECT_EQ(parse_target("http://node").value().path, "/");
  EXPECT_EQ(parse_target("/a?x=http://b/c").value().path, "/a");
}

TEST(ParseTarget, RefusesOtherForms) {
  EXPECT_FALSE(parse_target("*"));
  EXPECT_FALSE(parse_target("/a%"));
  EXPECT_FALSE(parse_target("/a?b=%"));
}

}  // namespace
}  // namespace netprobe
