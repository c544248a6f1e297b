// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "query/expr.h"
#include "query/pattern.h"
#include "query/query.h"

namespace netprobe {
namespace {

using ::testing::HasSubstr;

constexpr Nanos kNow = 1'767'225'600LL * kSecond;

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}

QueryError error_of(const std::string& text) {
  auto query = parse_query(text, kNow);
  return query ? QueryError{.message = "none"} : query.error();
}

TEST(QueryHostile, NestingEndsAtTheColumnOfTheFirstTooMuch) {
  const auto deep = error_of(repeated("(", 10'000) + "ip=::1" + repeated(")", 3'000));
  EXPECT_EQ(deep.message, "nested deeper than 64");
  EXPECT_EQ(deep.column, kMaxQueryDepth);
  EXPECT_EQ(error_of(repeated("not ", 3'000) + "ip=::1").column, 4 * kMaxQueryDepth);
  EXPECT_EQ(error_of(repeated("!(", 5'000)).column, kMaxQueryDepth);
  EXPECT_TRUE(parse_query(repeated("(", 64) + "src.port=1" + repeated(")", 64), kNow));
  EXPECT_FALSE(parse_query(repeated("(", 65) + "src.port=1" + repeated(")", 65), kNow));
}

TEST(QueryHostile, WhatNestsInFactIsTakenAgain) {
  std::string text = "src.port=1";
  for (int i = 0; i < 30; ++i) text = "dst.port!=2 and not (src.port=3 or " + text + ")";
  const auto query = parse_query(text, kNow);
  ASSERT_TRUE(query);
  EXPECT_EQ(canonical(*query), "flows " + text);
}

TEST(QueryHostile, LongTextsAreRefusedAtOnce) {
  const auto terms = error_of(repeated("ip=1.2.3.4 or ", 100'000) + "ip=::1");
  EXPECT_THAT(terms.message, HasSubstr("at most 16384 bytes"));
  EXPECT_EQ(terms.column, kMaxQueryBytes);
  EXPECT_THAT(error_of(std::string(16UL << 20U, 'x')).message, HasSubstr("at most 16384 bytes"));
}

TEST(QueryHostile, ConditionsAreCounted) {
  const auto many = error_of(repeated("src.vni=1 ", 1'000));
  EXPECT_THAT(many.message, HasSubstr("unknown field 'src.vni'"));
  const auto terms = error_of(repeated("vni=1 ", 1'000));
  EXPECT_EQ(terms.message, "more than 512 conditions in one query");
  EXPECT_EQ(terms.column, kMaxQueryTerms * 6);
  // A bare name is as many as it means.
  EXPECT_EQ(error_of(repeated("ip=::1 ", 1'000)).column, kMaxQueryTerms / 4 * 7);
  // Values of one list are one condition.
  const auto list = parse_query("dst.port in (1" + repeated(",2", 5'000) + ")", kNow);
  ASSERT_TRUE(list);
  EXPECT_EQ(count_compares(*list->filter), 1U);
}

TEST(QueryHostile, WrittenOutInFullItMustBeTakenAgain) {
  // Each of these is much longer in the form that users see.
  const auto error = error_of(repeated("pod=" + std::string(180, 'a') + "/b ", 80));
  EXPECT_THAT(error.message, HasSubstr("written out in full"));
}

TEST(QueryHostile, Patterns) {
  for (const std::string pattern :
       {"((((((((((x{100}){100}){100}){100}){100}){100}){100}){100}){100}){100})",
        "(a*)*{1000}{1000}", "[^x]{1000}[^y]{1000}[^z]{1000}", "(\\\\pL{500}){2}"})
    EXPECT_FALSE(parse_query("name~\"" + pattern + "\"", kNow)) << pattern;
  EXPECT_EQ(error_of("name~\"" + repeated("(", 7'000) + repeated(")", 7'000) + "\"").message,
            "a pattern has at most 1024 bytes");
  EXPECT_TRUE(parse_query("name~\"(a+)+(a+)+(a+)+b\"", kNow));
  EXPECT_EQ(error_of(repeated("src.name~a ", 100)).message, "more than 32 patterns in one query");
  EXPECT_THAT(error_of("name=" + repeated("*a", 100)).message, HasSubstr("more than 16"));
}

TEST(QueryHostile, BytesThatAreNoText) {
  EXPECT_EQ(error_of("name=a\xff").message, "the text is not UTF-8 here");
  EXPECT_EQ(error_of("name=a\xff").column, 6U);
  EXPECT_EQ(error_of(std::string("ip=::1\0and", 10)).message,
            "a control character has no place in a query");
  EXPECT_EQ(error_of("name=\"\x1b[2J\"").column, 6U);
  EXPECT_TRUE(parse_query("name=\"ü\"\n\tand name=ü", kNow));
}

TEST(QueryHostile, NumbersAtTheirEnds) {
  EXPECT_FALSE(parse_query("bytes>18446744073709551616", kNow));
  EXPECT_TRUE(parse_query("bytes>18446744073709551615", kNow));
  EXPECT_FALSE(parse_query("bytes>99999999999T", kNow));
  EXPECT_FALSE(parse_query("bytes>1.0000000000000000000000000001", kNow));
  EXPECT_FALSE(parse_query("rtt>99999999d", kNow));
  EXPECT_FALSE(parse_query("rtt>50000d50000d", kNow));
  EXPECT_FALSE(parse_query("rtt>1ns", kNow));
  EXPECT_FALSE(parse_query("time>99999-01-01T00:00:00Z", kNow));
  EXPECT_FALSE(parse_query("time>9999-01-01T00:00:00Z", kNow));
  EXPECT_TRUE(parse_query("| last 50000d", kNow));
  EXPECT_FALSE(parse_query("| limit 99999999999999999999", kNow));
  EXPECT_FALSE(parse_query("| p0 rtt", kNow));
  EXPECT_FALSE(parse_query("| quantile 1e-300 rtt", kNow));
}

}  // namespace
}  // namespace netprobe
