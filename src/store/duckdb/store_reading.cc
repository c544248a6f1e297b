// SPDX-License-Identifier: Apache-2.0
// The reading threads of a store, and whose turn it is.
#include <algorithm>
#include <utility>

#include "store/duckdb/reader.h"
#include "store/duckdb/store_threads.h"

namespace netprobe {
namespace {

using Kind = QueryFailure::Kind;

constexpr Nanos kRest = kSecond;
// How soon one that waits is told that it waits in vain.
constexpr Nanos kLook = 50 * kMillisecond;

QueryFailure in_vain(const duck::Question& question) {
  if (*question.request.cancelled) return {Kind::kCancelled, "the query was cancelled"};
  return {Kind::kNoStore, "the query waited for others until its time was over; ask again later"};
}

void tell_in_vain(const std::vector<duck::Question>& over) {
  for (const duck::Question& question : over) question.answered(std::unexpected(in_vain(question)));
}

}  // namespace

void DuckDbStore::Impl::read_loop() {
  while (const auto question = await_question()) {
    if (auto engine = use_engine()) {
      const bool tell = options_.at_moment && duck::is_broad(question->request.query);
      if (tell) options_.at_moment("question begun");
      answer(*question, *engine);
      if (tell) options_.at_moment("question ended");
      end_use(std::move(engine));
    } else {
      question->answered(std::unexpected(QueryFailure{Kind::kNoStore, "history is not open"}));
    }
    const MutexLock lock(mutex_);
    questions_.done(*question);
    wake_readers_.notify_all();
    wake_keeper_.notify_all();
  }
}

std::optional<duck::Question> DuckDbStore::Impl::await_question() {
  for (;;) {
    std::vector<duck::Question> over;
    {
      const MutexLock lock(mutex_);
      if (stopping_) return std::nullopt;
      if (auto question = questions_.next()) return question;
      // Those that are left cannot be answered now.
      over = take_overdue();
      if (over.empty()) wait(wake_readers_, questions_.empty() ? kRest : kLook);
    }
    tell_in_vain(over);
  }
}

std::vector<duck::Question> DuckDbStore::Impl::take_overdue() {
  const Nanos now = clock_.monotonic();
  if (questions_.empty() || now < next_look_) return {};
  next_look_ = now + kLook;
  auto over = questions_.overdue(now);
  state_.queries += over.size();
  state_.queries_failed += over.size();
  return over;
}

void DuckDbStore::Impl::answer_overdue() {
  std::vector<duck::Question> over;
  {
    const MutexLock lock(mutex_);
    over = take_overdue();
  }
  tell_in_vain(over);
}

void DuckDbStore::Impl::answer(const duck::Question& question, duck::Catalogue& catalogue) {
  duck::Reader reader(catalogue, clock_);
  const auto ending = [this] {
    answer_overdue();
    return is_ending();
  };
  auto result = reader.answer(question.request, question.deadline, ending);
  {
    const MutexLock lock(mutex_);
    ++state_.queries;
    if (!result) ++state_.queries_failed;
  }
  question.answered(std::move(result));
}

bool DuckDbStore::Impl::in_turn(const std::function<void()>& work) {
  bool begun = false;
  {
    const MutexLock lock(mutex_);
    questions_.want_turn();
  }
  while (!begun) {
    serve_flushes();
    const MutexLock lock(mutex_);
    if (stopping_ || restarting_) break;
    begun = questions_.begin_turn();
    if (!begun) wait(wake_keeper_, kLook);
  }
  if (begun) work();
  const MutexLock lock(mutex_);
  questions_.end_turn();
  wake_readers_.notify_all();
  return begun;
}

}  // namespace netprobe
