// SPDX-License-Identifier: Apache-2.0
#include "analysis/workload/bounded_rows.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>

namespace netprobe {
namespace {

using Rows = BoundedRows<std::string, int, std::hash<std::string>>;

TEST(BoundedRows, HaveARoomForSoManyAndNoMore) {
  Rows rows(2);
  *rows.at(rows.find_or_add("a"), 1) = 10;
  *rows.at(rows.find_or_add("b"), 1) = 20;
  EXPECT_EQ(rows.at(rows.find_or_add("c"), 1), nullptr);
  EXPECT_EQ(rows.at(rows.find("c"), 1), nullptr);
  EXPECT_EQ(*rows.at(rows.find_or_add("a"), 1), 10);
  EXPECT_EQ(rows.size(), 2U);
}

TEST(BoundedRows, APlaceLeadsToNoOtherRow) {
  Rows rows(1);
  const auto a = rows.find_or_add("a");
  *rows.at(a, 5) = 10;
  rows.erase_if([](const std::string& key, int row, Nanos used) {
    return key == "a" && row == 10 && used == 5;
  });
  EXPECT_EQ(rows.at(a, 6), nullptr);
  const auto b = rows.find_or_add("b");
  ASSERT_NE(rows.at(b, 6), nullptr);
  EXPECT_EQ(*rows.at(b, 6), 0) << "begins anew";
  EXPECT_EQ(rows.at(a, 6), nullptr);
  EXPECT_EQ(rows.at(rows.find("a"), 6), nullptr);
}

TEST(BoundedRows, AgreeWithAMap) {
  std::mt19937 random(7);  // NOLINT: the same in every run
  Rows rows(50);
  std::map<std::string, int> model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string key = std::to_string(random() % 80);
    if (random() % 100 == 0) {
      rows.erase_if([](const std::string&, int row, Nanos) { return row % 3 == 0; });
      std::erase_if(model, [](const auto& each) { return each.second % 3 == 0; });
    }
    int* row = rows.at(rows.find_or_add(key), step);
    const bool room = model.contains(key) || model.size() < 50;
    ASSERT_EQ(row != nullptr, room);
    if (row != nullptr) model[key] = *row += 1;
  }
  std::map<std::string, int> all;
  rows.for_each([&](const std::string& key, int row, Nanos) { all[key] = row; });
  EXPECT_EQ(all, model);
}

}  // namespace
}  // namespace netprobe
