// SPDX-License-Identifier: Apache-2.0
#include "kube/client/list_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace netprobe::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Split {
  std::vector<std::string> items;
  std::string rest;
  std::string error;
  std::uint64_t skipped = 0;
};

/// In pieces of that many bytes.
Split split(std::string_view text, std::size_t piece, std::size_t max_item = 1'000) {
  ListSplitter splitter(max_item, 1'000);
  Split result;
  for (std::size_t i = 0; i < text.size() && result.error.empty(); i += piece) {
    const auto fed = splitter.feed(text.substr(i, piece),
                                   [&](std::string_view item) { result.items.emplace_back(item); });
    if (!fed) result.error = fed.error().message;
  }
  result.skipped = splitter.skipped();
  if (!result.error.empty()) return result;
  auto rest = splitter.finish();
  if (rest)
    result.rest = *rest;
  else
    result.error = rest.error().message;
  return result;
}

constexpr std::string_view kList =
    R"( {"kind":"PodList","metadata":{"items":[{"not":"one"}],"resourceVersion":"7"},)"
    R"("items":[{"a":"}]\"\\"}, {"b":[{"c":1}]},{}],"z":{"y":[1,{"x":2}]}} )";

TEST(ListSplitter, FindsItemsHoweverTheyArrive) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1'000U}) {
    const auto result = split(kList, piece);
    EXPECT_THAT(result.error, IsEmpty());
    EXPECT_THAT(result.items, ElementsAre(R"({"a":"}]\"\\"})", R"({"b":[{"c":1}]})", "{}"));
    EXPECT_EQ(result.rest,
              R"({"kind":"PodList","metadata":{"items":[{"not":"one"}],"resourceVersion":"7"},)"
              R"("items":[],"z":{"y":[1,{"x":2}]}})");
    EXPECT_EQ(result.skipped, 0U);
  }
}

TEST(ListSplitter, WhatIsNoListIsAnError) {
  EXPECT_THAT(split("<html></html>", 100).error, HasSubstr("no JSON object"));
  EXPECT_THAT(split("[1]", 100).error, HasSubstr("no JSON object"));
  EXPECT_THAT(split("", 100).error, HasSubstr("empty"));
  EXPECT_THAT(split("{} {}", 100).error, HasSubstr("no JSON object"));
  EXPECT_THAT(split(std::string(5'000, '{'), 100).error, HasSubstr("larger than"));
}

TEST(ListSplitter, ACutIsSeenWhereverItIs) {
  const auto end = kList.rfind('}');
  for (std::size_t size = 2; size < end; ++size)
    EXPECT_THAT(split(kList.substr(0, size), 1'000).error, HasSubstr("cut off")) << size;
}

TEST(ListSplitter, LongItemsAreSkippedAndTheNextIsNot) {
  const std::string list = R"({"items":[{"long":")" + std::string(50, 'x') + R"("},{"short":1}]})";
  for (const std::size_t piece : {1U, 10U, 1'000U}) {
    const auto result = split(list, piece, 20);
    EXPECT_THAT(result.items, ElementsAre(R"({"short":1})"));
    EXPECT_EQ(result.skipped, 1U);
  }
}

TEST(ListSplitter, WhatIsNoObjectIsSkipped) {
  const auto result = split(R"({"items":[1,"a,]{",[[{"x":1}],2],{"y":1},null]})", 3);
  EXPECT_THAT(result.items, ElementsAre(R"({"y":1})"));
  EXPECT_EQ(result.skipped, 4U);
  EXPECT_EQ(result.rest, R"({"items":[]})");
}

}  // namespace
}  // namespace netprobe::kube
