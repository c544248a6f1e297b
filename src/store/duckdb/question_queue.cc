// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/question_queue.h"

#include <algorithm>
#include <utility>

namespace netprobe::duck {

bool is_broad(const Query& query) { return query.is_aggregate() || !query.order.empty(); }

bool QuestionQueue::push(Question question) {
  if (waiting_.size() >= most_) return false;
  const bool broad = is_broad(question.request.query);
  waiting_.push_back({.question = std::move(question), .place = ++places_, .broad = broad});
  return true;
}

bool QuestionQueue::may_begin(std::uint64_t place) const {
  return !taken_ && (!wanted_ || place < *wanted_);
}

std::optional<Question> QuestionQueue::next() {
  const auto found = std::ranges::find_if(
      waiting_, [&](const Waiting& each) { return !each.broad || may_begin(each.place); });
  if (found == waiting_.end()) return std::nullopt;
  if (found->broad) taken_ = true;
  Question question = std::move(found->question);
  waiting_.erase(found);
  return question;
}

void QuestionQueue::done(const Question& question) {
  if (is_broad(question.request.query)) taken_ = false;
}

std::vector<Question> QuestionQueue::overdue(Nanos now) {
  std::vector<Question> over;
  for (auto each = waiting_.begin(); each != waiting_.end();) {
    if (!*each->question.request.cancelled && each->question.deadline > now) {
      ++each;
      continue;
    }
    over.push_back(std::move(each->question));
    each = waiting_.erase(each);
  }
  return over;
}

std::vector<Question> QuestionQueue::take_all() {
  std::vector<Question> all;
  for (Waiting& each : waiting_) all.push_back(std::move(each.question));
  waiting_.clear();
  return all;
}

void QuestionQueue::want_turn() { wanted_ = ++places_; }

bool QuestionQueue::begin_turn() {
  const bool first = std::ranges::none_of(
      waiting_, [&](const Waiting& each) { return each.broad && each.place < *wanted_; });
  if (taken_ || !first) return false;
  wanted_.reset();
  taken_ = summing_ = true;
  return true;
}

void QuestionQueue::end_turn() {
  wanted_.reset();
  if (summing_) taken_ = summing_ = false;
}

}  // namespace netprobe::duck
