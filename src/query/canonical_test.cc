// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "query/condition.h"
#include "query/field_names.h"
#include "query/query.h"

namespace netprobe {
namespace {

constexpr Nanos kNow = 1'767'225'600LL * kSecond;

/// Makes queries that are mostly right, of everything that the grammar has.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  std::string query() {
    static constexpr std::array<std::string_view, 6> kKinds{
        "", "", "flows ", "drops ", "connections ", "dropped "};
    std::string text(one_of(kKinds));
    if (chance(9)) text += filter(0);
    if (chance(3)) text += " | since 1h";
    if (chance(2)) text += " | until 1m";
    if (chance(5)) return text + records();
    return text + sums();
  }

 private:
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }
  bool chance(std::size_t of_ten) { return below(10) < of_ten; }
  template <typename List>
  typename List::value_type one_of(const List& list) {
    return list[below(std::size(list))];
  }

  std::string name() {
    if (chance(4)) return bare();
    return field_of(one_of(fields()));
  }
  std::string bare() {
    const BareName each = one_of(bare_names());
    return std::string(each.name) + (each.name == "label" ? ".app" : "");
  }
  std::string field_of(const Field& f) {
    return std::string(f.name) + (f.type == FieldType::kLabel ? ".app.kubernetes.io/name" : "");
  }

  std::string value(FieldId id) {
    static constexpr std::array<std::string_view, 10> kTexts{
        "web",     "web-*",    "a?c", "none",           "\"none\"",
        "\"a b\"", "shop/api", "80",  "\"x\\\\\\\"y\"", "eth[0-9]"};
    static constexpr std::array<std::string_view, 7> kAddresses{
        "10.0.0.1", "fd00::1", "10.0.0.0/8", "fd00::/8", "none", "10.0.0.1-10.0.0.9", "::/0"};
    const auto words = words_for(id);
    if (!words.empty() && chance(8)) return one_of(words);
    switch (field(id).type) {
      case FieldType::kTime:
        return chance(5) ? "15m" : "2025-12-31T01:02:03.456789Z";
      case FieldType::kDuration:
        return chance(5) ? "1.5ms" : "2m3s";
      case FieldType::kCount:
        return chance(5) ? "10k" : "1-2KiB";
      case FieldType::kAddress:
        return std::string(one_of(kAddresses));
      case FieldType::kNumber:
        return std::to_string(below(64));
      default:
        return std::string(one_of(kTexts));
    }
  }

  std::string term() {
    static constexpr std::array<std::string_view, 10> kOps{"=",  "=", "=",  "!=",   "<",
                                                           ">=", "~", "!~", " in ", " not in "};
    const std::string left = name();
    const FieldId id = find_field(left)->ids.front();
    std::string op(one_of(kOps));
    const bool orders = op == "<" || op == ">=";
    const bool matches = op == "~" || op == "!~";
    if ((orders && !can_be_ordered(id)) || (matches && !can_be_matched(id))) op = "=";
    if (op.ends_with("in ")) return left + op + "(" + value(id) + ", " + value(id) + ")";
    return left + op + value(id);
  }

  std::string filter(int depth) {
    if (depth > 4 || chance(4)) return term();
    switch (below(4)) {
      case 0:
        return "not (" + filter(depth + 1) + ")";
      case 1:
        return filter(depth + 1) + " or " + filter(depth + 1);
      case 2:
        return "(" + filter(depth + 1) + ") and (" + filter(depth + 1) + ")";
      default:
        return filter(depth + 1) + " " + filter(depth + 1);
    }
  }

  std::string records() {
    std::string text;
    if (chance(3)) text += " | order by " + field_of(one_of(fields())) + " desc";
    if (chance(3)) text += " | limit " + std::to_string(1 + below(100));
    if (chance(3)) text += " | fields time, src.ip, " + field_of(one_of(fields()));
    return text;
  }

  std::string sums() {
    static constexpr std::array<std::string_view, 8> kSums{
        "count",        "sum bytes", "p99.9 rtt",  "distinct dst.ip",
        "rate packets", "max rtt",   "peak bytes", "min, avg rtt"};
    switch (below(4)) {
      case 0:
        return " | top 7 src.workload, dst.zone by bytes";
      case 1:
        return " | histogram rtt by src.zone";
      case 2:
        return " | new " + field_of(one_of(fields())) + " since 1d | limit 5";
      default:
        break;
    }
    std::string text = " | " + std::string(one_of(kSums));
    if (chance(5)) text += ", sum resets";
    if (chance(7)) text += " by " + field_of(one_of(fields()));
    if (chance(4)) text += " every 5m | order by time desc";
    return text;
  }

  std::mt19937 random_;
};

TEST(QueryCanonical, SaysTheSameAgain) {
  Maker maker(20'260'101);
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = maker.query();
    const auto query = parse_query(text, kNow);
    if (!query) {
      // Kinds that do not go together, mostly; the place is in the text.
      ASSERT_LE(query.error().column + query.error().length, text.size()) << text;
      continue;
    }
    ++taken;
    const std::string form = canonical(*query);
    // Times in it are no longer relative.
    const auto again = parse_query(form, kNow + 3'600 * kSecond);
    ASSERT_TRUE(again) << text << "\n" << form << "\n" << again.error().message;
    ASSERT_EQ(canonical(*again), form) << text;
    ASSERT_EQ(again->kind, query->kind);
    ASSERT_EQ(again->since, query->since);
    ASSERT_EQ(again->aggregates, query->aggregates);
    ASSERT_EQ(again->by, query->by);
    ASSERT_EQ(again->order, query->order);
  }
  EXPECT_GT(taken, 4'000) << "the maker makes too little that is right";
}

}  // namespace
}  // namespace netprobe
