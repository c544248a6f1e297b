// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/raw_filter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace netprobe::duck {
namespace {

constexpr Nanos kNow = 1'764'000'000'000'000'000;

NameListPtr list_of(const std::vector<std::string>& texts) {
  auto list = std::make_shared<NameList>();
  for (std::size_t i = 0; i < texts.size(); ++i) list->add(static_cast<std::uint32_t>(i), texts[i]);
  list->finish();
  return list;
}

/// A file that has nobody, three pods and a service, and some words.
class RawFilterTest : public ::testing::Test {
 protected:
  RawFilterTest() {
    put("word", {"", "egress", "ingress"});
    put("kind", {"", "pod", "pod", "pod", "service"});
    put("name", {"", "web-1", "web-2", "db-1", "web-1"});
    put("namespace", {"", "shop", "shop", "data", "shop"});
    put("labels", {"",
                   "\x1f"
                   "app=web\x1f",
                   "\x1f"
                   "app=web\x1f"
                   "tier=front\x1f",
                   "", ""});
  }
  void put(const std::string& column, const std::vector<std::string>& texts) {
    for (std::size_t i = 0; i < kNameColumns; ++i)
      if (name_function(i) == "netprobe_" + column) lists_.at(i) = list_of(texts);
  }

  RawFilter filter(const std::string& text) {
    const auto query = parse_query(text, kNow);
    EXPECT_TRUE(query.has_value()) << text << ": " << query.error().message;
    return query ? RawFilter(query->filter, query->kind) : RawFilter(nullptr, RecordKind::kFlow);
  }
  /// The condition; "never" where no row is meant.
  std::string where(const std::string& text) {
    const RawFilter parts = filter(text);
    EXPECT_EQ(parts.rest(), nullptr) << text;
    return parts.of_numbers(lists_, names_, uses_).value_or("never");
  }
  /// What stands for a number of conditions that were not one number each.
  std::string among(std::size_t use, const std::string& column) {
    return use < uses_.size() ? fmt::format("netprobe_among({}, {})", uses_[use].number(), column)
                              : "not there";
  }

  NameLists lists_;
  Names names_{1U << 20U};
  std::vector<Names::Use> uses_;
};

TEST_F(RawFilterTest, OneNumberIsComparedWith) {
  EXPECT_EQ(where("src.pod=web-2"), "src = 2");
  EXPECT_EQ(where("dst.pod=db-*"), "dst = 3");
  EXPECT_EQ(where(R"(src.name~"^db")"), "src = 3");
  EXPECT_EQ(where("direction=egress"), "direction = 1");
  EXPECT_EQ(where("src.label.tier=front"), "src = 2");
  EXPECT_EQ(where("not src.pod=db-1"), "src <> 3");
  EXPECT_TRUE(uses_.empty());
}

TEST_F(RawFilterTest, SeveralAreLookedUp) {
  EXPECT_EQ(where("src.namespace=shop"), among(0, "src"));
  ASSERT_EQ(uses_.size(), 1U);
  EXPECT_EQ(where("src.label.app=web"), among(1, "src"));
}

TEST_F(RawFilterTest, APodIsOneByItsKindToo) {
  EXPECT_EQ(where("src.pod=web-1"), "src = 1") << "4 is a service of this name";
  EXPECT_EQ(where("src.name=web-1"), among(0, "src"));
  EXPECT_EQ(where("not src.pod=none"), among(1, "src"));
  EXPECT_EQ(where("src.pod=none src.name=web-1"), "src = 4");
}

TEST_F(RawFilterTest, WhatIsAskedOfAnEndIsOneCondition) {
  EXPECT_EQ(where("src.namespace=shop src.kind=service dst.name=db-1"), "(dst = 3 AND src = 4)");
  EXPECT_EQ(where("(src.name=web-2 or dst.name=db-1 or src.namespace=data)"),
            "(dst = 3 OR " + among(0, "src") + ")");
}

TEST_F(RawFilterTest, NobodyIsMeantWhereNobodyHasTheName) {
  EXPECT_EQ(where("src.pod=cache-1"), "never");
  EXPECT_EQ(where("pod=cache-1"), "never") << "on neither end";
  EXPECT_EQ(where("src.pod=web-1 dst.pod=cache-1"), "never");
  EXPECT_EQ(where("(src.pod=cache-1 or dst.port=53)"), "((dst_port = 53))");
  EXPECT_EQ(where("not src.pod=cache-1"), "") << "everybody";
  EXPECT_EQ(where("not (src.pod=cache-1 dst.port=53)"), "");
  EXPECT_TRUE(uses_.empty());
}

TEST_F(RawFilterTest, WhatNumbersDoNotTellIsLeft) {
  const RawFilter parts = filter("src.pod=web-2 dst.port=53 reporter=src");
  ASSERT_NE(parts.rest(), nullptr);
  EXPECT_EQ(std::get<Expr::And>(parts.rest()->node).all.size(), 2U);
  EXPECT_EQ(parts.of_numbers(lists_, names_, uses_), "src = 2");
  EXPECT_TRUE(filter("(src.pod=web-2 or reporter=src)").empty());
  EXPECT_TRUE(filter("dst.port=53 src.ip=10.0.0.0/8").empty());
  EXPECT_TRUE(RawFilter(nullptr, RecordKind::kFlow).empty());
  EXPECT_EQ(RawFilter(nullptr, RecordKind::kFlow).rest(), nullptr);
}

TEST_F(RawFilterTest, SumsAndOldFilesHaveNames) {
  EXPECT_NE(filter("src.namespace=shop").of_names().find("src_namespace = 'shop'"),
            std::string::npos);
  EXPECT_EQ(filter("dst.port=53").of_names(), "");
}

}  // namespace
}  // namespace netprobe::duck
