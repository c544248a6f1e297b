// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/question_queue.h"

#include <gtest/gtest.h>

#include <string>

#include "query/query.h"

namespace netprobe::duck {
namespace {

constexpr Nanos kFar = 1'000;

Question question(const std::string& text, std::size_t number, Nanos deadline = kFar) {
  const auto query = parse_query(text, 0);
  EXPECT_TRUE(query.has_value()) << text;
  return {.request = {.query = *query, .limits = {.rows = number}},
          .answered = {},
          .deadline = deadline};
}

Question broad(std::size_t number, Nanos deadline = kFar) {
  return question("flows | sum bytes by src.workload", number, deadline);
}
Question page(std::size_t number, Nanos deadline = kFar) {
  return question("flows | fields time", number, deadline);
}

/// 0: there is none.
std::size_t number_of(const std::optional<Question>& next) {
  return next ? next->request.limits.rows : 0;
}

TEST(QuestionQueue, OnlyPagesOfTheNewestNeedNoTurn) {
  EXPECT_FALSE(is_broad(page(1).request.query));
  EXPECT_FALSE(is_broad(question("dst.port=53", 1).request.query));
  EXPECT_TRUE(is_broad(question("connections | order by duration desc", 1).request.query));
  EXPECT_TRUE(is_broad(question("flows | count", 1).request.query));
  EXPECT_TRUE(is_broad(broad(1).request.query));
}

TEST(QuestionQueue, BroadOnesGoOneByOneAndPagesPassBy) {
  QuestionQueue queue(10);
  for (std::size_t number = 1; number <= 3; ++number) ASSERT_TRUE(queue.push(broad(number)));
  const auto first = queue.next();
  EXPECT_EQ(number_of(first), 1U);
  EXPECT_EQ(number_of(queue.next()), 0U) << "another has the turn";
  ASSERT_TRUE(queue.push(page(4)));
  const auto second = queue.next();
  EXPECT_EQ(number_of(second), 4U);
  queue.done(*second);
  EXPECT_EQ(number_of(queue.next()), 0U) << "a page's end gives no turn away";
  queue.done(*first);
  const auto third = queue.next();
  EXPECT_EQ(number_of(third), 2U);
  queue.done(*third);
  EXPECT_EQ(number_of(queue.next()), 3U);
  EXPECT_TRUE(queue.empty());
}

TEST(QuestionQueue, SumsHaveTheirPlaceAmongTheQuestions) {
  QuestionQueue queue(10);
  ASSERT_TRUE(queue.push(broad(1)));
  queue.want_turn();
  ASSERT_TRUE(queue.push(broad(2)));
  EXPECT_FALSE(queue.begin_turn()) << "one came before";
  const auto first = queue.next();
  EXPECT_EQ(number_of(first), 1U);
  EXPECT_FALSE(queue.begin_turn()) << "it is being answered";
  queue.done(*first);
  EXPECT_EQ(number_of(queue.next()), 0U) << "it came behind the sums";
  EXPECT_TRUE(queue.begin_turn());
  EXPECT_EQ(number_of(queue.next()), 0U) << "they are being made";
  ASSERT_TRUE(queue.push(page(3)));
  EXPECT_EQ(number_of(queue.next()), 3U);
  queue.end_turn();
  const auto second = queue.next();
  EXPECT_EQ(number_of(second), 2U);
  // What is wanted no more keeps nobody, and takes no turn from who has it.
  queue.want_turn();
  ASSERT_TRUE(queue.push(broad(4)));
  queue.end_turn();
  EXPECT_EQ(number_of(queue.next()), 0U);
  queue.done(*second);
  EXPECT_EQ(number_of(queue.next()), 4U);
}

TEST(QuestionQueue, ThoseThatWaitInVainGo) {
  QuestionQueue queue(10);
  ASSERT_TRUE(queue.push(broad(1)));
  ASSERT_TRUE(queue.push(broad(2, 50)));
  Question unwanted = broad(3);
  const auto cancelled = unwanted.request.cancelled;
  ASSERT_TRUE(queue.push(std::move(unwanted)));
  ASSERT_TRUE(queue.push(broad(4)));
  EXPECT_TRUE(queue.overdue(49).empty());
  *cancelled = true;
  const auto over = queue.overdue(50);
  ASSERT_EQ(over.size(), 2U);
  EXPECT_EQ(over[0].request.limits.rows, 2U);
  EXPECT_EQ(over[1].request.limits.rows, 3U);
  const auto first = queue.next();
  EXPECT_EQ(number_of(first), 1U);
  queue.done(*first);
  EXPECT_EQ(number_of(queue.next()), 4U);
}

TEST(QuestionQueue, IsBounded) {
  QuestionQueue queue(2);
  EXPECT_TRUE(queue.push(page(1)));
  EXPECT_TRUE(queue.push(broad(2)));
  EXPECT_FALSE(queue.push(page(3)));
  const auto all = queue.take_all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].request.limits.rows, 1U);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.push(page(3)));
}

}  // namespace
}  // namespace netprobe::duck
