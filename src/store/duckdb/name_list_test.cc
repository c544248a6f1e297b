// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/name_list.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "store/duckdb/text.h"

namespace netprobe::duck {
namespace {

TEST(NameListTest, HasTheTextsOfItsNumbers) {
  NameList list;
  const std::string longer(5000, 'x');
  list.add(0, "");
  list.add(3, "twelve bytes");
  list.add(1, "thirteen byte");
  list.add(2, longer);
  list.finish();
  EXPECT_EQ(view_of(list.at(0)), "");
  EXPECT_EQ(view_of(list.at(1)), "thirteen byte");
  EXPECT_EQ(view_of(list.at(2)), longer);
  EXPECT_EQ(view_of(list.at(3)), "twelve bytes");
  EXPECT_EQ(list.size(), 4U);
  EXPECT_GE(list.bytes(), longer.size());
}

TEST(NameListTest, KnowsNothingOfOtherNumbers) {
  const NameList empty;
  EXPECT_EQ(view_of(empty.at(0)), "");
  EXPECT_EQ(view_of(empty.at(4'000'000'000U)), "");
  NameList list;
  list.add(5, "five");
  list.finish();
  EXPECT_EQ(view_of(list.at(4)), "");
  EXPECT_EQ(view_of(list.at(6)), "");
}

TEST(NameListTest, EqualTextsAreThereOnce) {
  NameList list;
  const std::string labels(1000, 'l');
  for (std::uint32_t number = 0; number < 1000; ++number) list.add(number, labels);
  list.finish();
  EXPECT_LT(list.bytes(), 10'000U);
  EXPECT_EQ(view_of(list.at(999)), labels);
}

TEST(NameListTest, SaysOfWhichNumbersSomethingHolds) {
  NameList list;
  list.add(0, "");
  for (std::uint32_t number = 1; number < 100; ++number)
    list.add(number, number % 2 == 0 ? "even" : "odd");
  list.finish();
  std::size_t asked = 0;
  const auto even = list.where([&](std::string_view text) {
    ++asked;
    return text == "even";
  });
  EXPECT_EQ(asked, 3U);
  ASSERT_EQ(even.size(), 100U);
  for (std::size_t number = 0; number < 100; ++number)
    EXPECT_EQ(even[number], number > 0 && number % 2 == 0) << number;
  EXPECT_EQ(NameList().where([](std::string_view text) { return text.empty(); }),
            std::vector<bool>{true});
}

}  // namespace
}  // namespace netprobe::duck
