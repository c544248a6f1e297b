// SPDX-License-Identifier: Apache-2.0
#include "query/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netprobe {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

std::vector<std::string> words(std::string_view text) {
  return completions(text, text.size()).words;
}

TEST(QueryCompletion, WhatMayStandThere) {
  EXPECT_THAT(words(""), IsSupersetOf({"flows", "drops", "src.ip", "ip", "label.", "not", "("}));
  EXPECT_THAT(words("src.na"), ElementsAre("src.name", "src.namespace"));
  EXPECT_THAT(words("from_"), IsEmpty());
  EXPECT_THAT(words("src.port "), ElementsAre("=", "!=", "<", "<=", ">", ">=", "in", "not in"));
  EXPECT_THAT(words("direction=in"), ElementsAre("intra-node", "inter-node", "ingress"));
  EXPECT_THAT(words("direction in (ingress, ex"), ElementsAre("external"));
  EXPECT_THAT(words("protocol="), Contains("tcp"));
  EXPECT_THAT(words("(ip=::1 "), IsSupersetOf({"and", "or", ")"}));
  EXPECT_THAT(words("ip=::1 "), AllOf(IsSupersetOf({"and", "or", "|"}), Not(Contains("drops"))));
}

TEST(QueryCompletion, FieldsOfTheKindAlone) {
  EXPECT_THAT(words("drops drop."), ElementsAre("drop.reason", "drop.hook", "drop.location"));
  EXPECT_THAT(words("flows drop."), IsEmpty());
  EXPECT_THAT(words("drop.reason=X "), Not(Contains("rtt")));
}

TEST(QueryCompletion, Stages) {
  EXPECT_THAT(words("| to"), ElementsAre("top"));
  EXPECT_THAT(words("| sum "), AllOf(Contains("bytes"), Not(Contains("src.port"))));
  EXPECT_THAT(words("| sum bytes "), ElementsAre(",", "by", "every", "|"));
  EXPECT_THAT(words("| sum bytes by src.work"), ElementsAre("src.workload", "src.workload.kind"));
  EXPECT_THAT(words("| sum bytes by src.ip "), ElementsAre(",", "every", "|"));
  EXPECT_THAT(words("| sum bytes by src.ip | order by "), ElementsAre("sum_bytes", "src.ip"));
  EXPECT_THAT(words("| sum bytes | order by sum_bytes "), ElementsAre("asc", "desc", ",", "|"));
  EXPECT_THAT(words("| top 5 src.ip by "), Contains("count"));
}

TEST(QueryCompletion, TheWordThatIsReplaced) {
  const auto found = completions("ip=::1 and dst.po=53", 17);
  EXPECT_EQ(found.column, 11U);
  EXPECT_EQ(found.length, 6U);
  EXPECT_THAT(found.words, ElementsAre("dst.port", "dst.pod"));
  EXPECT_THAT(completions("ip=::1", 1'000).length, 3U);
}

TEST(QueryCompletion, NothingBehindAnError) {
  EXPECT_THAT(words("scr.ip=1 and "), IsEmpty());
  EXPECT_THAT(words("name=\"a"), IsEmpty());
}

}  // namespace
}  // namespace netprobe
