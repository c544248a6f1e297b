// SPDX-License-Identifier: Apache-2.0
#include "cluster/question.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "query/expr.h"

namespace netprobe {
namespace {

/// How soon agents hear that nobody waits any more.
constexpr Nanos kLookForCancel = 100 * kMillisecond;
/// Less is left of the deadline: it is no use to ask again.
constexpr Nanos kLeastPatience = 50 * kMillisecond;
/// Rows of answers that wait to be merged: beyond it, memory is no longer bounded.
constexpr std::size_t kMaxRowsWaiting = 2'000'000;

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i)
    text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kNamed) text += " and " + std::to_string(names.size() - kNamed) + " more";
  return text;
}

/// An agent reads a part as text, which has bounds.
bool can_travel(const Query& query) {
  const std::string text = canonical(query);
  return text.size() <= kMaxQueryBytes && parse_query(text, 0).has_value();
}

/// Records that count only now that `more` nodes are silent as well.
Query counted_besides(const Query& query, const std::vector<std::string>& silent,
                      const std::vector<std::string>& all) {
  Query without = counted_once({.kind = query.kind}, silent);
  Query with = counted_once(query, all);
  if (without.filter) with.filter = all_of({with.filter, negate(without.filter)});
  return with;
}

}  // namespace

Question::Question(QueryRequest request, QueryDone done, Roster roster, Scheduler& scheduler,
                   const Clock& clock, const ClusterStoreOptions& options)
    : request_(std::move(request)),
      roster_(std::move(roster)),
      scheduler_(scheduler),
      clock_(clock),
      options_(options),
      began_(clock.monotonic()),
      stop_(std::make_shared<std::atomic<bool>>(false)),
      done_(std::move(done)),
      silent_(roster_.silent),
      asked_(roster_.ready.size()),
      warnings_(roster_.warnings.begin(), roster_.warnings.end()) {}

void Question::begin() {
  Next next;
  {
    const MutexLock lock(mutex_);
    if (is_over()) return;
    kept_ = shared_from_this();
    const bool flows = request_.query.kind == RecordKind::kFlow;
    // Silent nodes that do not fit are asked about as if they told of themselves.
    const std::size_t all = silent_.size();
    while (!silent_.empty() && !can_travel(counted_once(request_.query, silent_)))
      silent_.resize(silent_.size() / 2);
    if (flows && silent_.size() < all)
      warn("so many nodes do not answer that flows from " + std::to_string(all - silent_.size()) +
           " of them to nodes that do may be missing");
    QueryRequest counted = request_;
    counted.query = counted_once(request_.query, silent_);
    merged_.emplace(std::move(counted), clock_.wall() / kMicrosecond);
    if (roster_.ready.empty()) {
      next = finish();
    } else if (!can_travel(merged_->part().query)) {
      next = end_with({QueryFailure::Kind::kBadQuery,
                       "the query cannot be taken apart for the nodes: it is too long, sums up too"
                       " much at once, or has a peak by steps that do not go into a minute"});
    } else {
      for (std::size_t i = 0; i < asked_.size(); ++i) next.ask.push_back(i);
      next.part = merged_->part();
      next.patience =
          flows ? static_cast<Nanos>(static_cast<double>(options_.deadline) * options_.agents_share)
                : options_.deadline;
      for (auto& each : asked_) each.owes = true;
      owed_ = asked_.size();
    }
  }
  proceed(std::move(next));
  watch_for_cancel();
}

void Question::cancel() {
  Next next;
  {
    const MutexLock lock(mutex_);
    if (is_over()) return;
    next = end_with({QueryFailure::Kind::kCancelled, "nobody waits for the answer any more"});
  }
  proceed(std::move(next));
}

void Question::proceed(Next next) {
  if (next.finished) {
    stop_->store(true, std::memory_order_relaxed);
    QueryDone done;
    std::shared_ptr<Question> kept;  // let go of without the lock
    {
      const MutexLock lock(mutex_);
      done.swap(done_);
      kept.swap(kept_);
      merged_.reset();
    }
    if (done) done(std::move(*next.finished));
    return;
  }
  if (!next.ask.empty()) ask(next);
}

void Question::ask(const Next& next) {
  scheduler_.after(next.patience,
                   [self = shared_from_this(), round = next.round] { self->on_time(round); });
  for (const std::size_t member : next.ask) {
    QueryRequest part = next.part;
    part.cancelled = stop_;
    part.limits.time = std::min(part.limits.time, next.patience / kMicrosecond);
    roster_.ready[member].peer->query(
        std::move(part), next.patience,
        [weak = weak_from_this(), member, round = next.round](Answer answer) {
          const auto self = weak.lock();
          if (!self) return;
          // The transport's thread only hands it on.
          const std::size_t rows = answer ? answer->rows.size() : 0;
          if (self->rows_waiting_.fetch_add(rows) + rows > kMaxRowsWaiting)
            answer = std::unexpected(QueryFailure{
                QueryFailure::Kind::kTooBroad,
                "the nodes' answers are too much to be held at once; narrow the filter or the time"
                " range"});
          self->scheduler_.post([self, member, round, rows, answer = std::move(answer)]() mutable {
            self->take(member, round, std::move(answer));
            self->rows_waiting_.fetch_sub(rows);
          });
        });
  }
}

void Question::take(std::size_t member, Round round, Answer answer) {
  Next next;
  {
    const MutexLock lock(mutex_);
    // Too late: its node is asked about elsewhere, and would count twice.
    if (is_over() || round != round_ || !asked_[member].owes) return;
    asked_[member].owes = false;
    merge(member, std::move(answer));
    if (refusal_) {
      next = end_with(std::move(*refusal_));
    } else if (--owed_ == 0) {
      next = round_over();
    }
  }
  proceed(std::move(next));
}

void Question::merge(std::size_t member, Answer answer) {
  Asked& asked = asked_[member];
  const std::string& name = roster_.ready[member].name();
  if (!answer) {
    const auto kind = answer.error().kind;
    // What one cannot answer as it is asked, its user can ask otherwise.
    if (kind == QueryFailure::Kind::kBadQuery || kind == QueryFailure::Kind::kTooBroad)
      refusal_ = QueryFailure{kind, name + ": " + answer.error().message};
    asked.problem = std::move(answer.error().message);
    return;
  }
  if (!merged_->fits(*answer)) {
    asked.problem = "what it sent is no answer to the question; its version may be too far off";
    return;
  }
  asked.answered = true;
  for (std::string& warning : answer->warnings) warning = name + ": " + warning;
  merged_->add(std::move(*answer));
}

void Question::on_time(Round round) {
  Next next;
  {
    const MutexLock lock(mutex_);
    if (is_over() || round != round_ || owed_ == 0) return;
    for (Asked& each : asked_) {
      if (!each.owes) continue;
      each.owes = false;
      each.problem = "it did not answer in time";
    }
    owed_ = 0;
    next = round_over();
  }
  proceed(std::move(next));
}

Question::Next Question::round_over() {
  if (request_.query.kind != RecordKind::kFlow) return finish();
  std::vector<std::string> told;    // all that this round asked
  std::vector<std::string> untold;  // of those that it asked, and of those silent since
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    const std::string& node = roster_.ready[i].state->node;
    if (node.empty() || (round_ == Round::kAgain && !asked_[i].answered)) continue;
    (asked_[i].problem.empty() ? told : untold).push_back(node);
  }
  std::ranges::sort(untold);
  untold.erase(std::ranges::unique(untold).begin(), untold.end());
  if (round_ == Round::kAgain) {
    if (!untold.empty())
      warn("flows between " + joined(failed_) + " and " + joined(untold) + " may be missing");
    return finish();
  }
  // A node with two agents is told of by the other.
  std::erase_if(
      untold, [&](const std::string& node) { return std::ranges::find(told, node) != told.end(); });
  if (untold.empty()) return finish();
  if (!told.empty()) {
    Next again = ask_again(untold);
    if (!again.ask.empty()) return again;
  }
  warn("flows between " + joined(untold) + " and other nodes may be missing");
  return finish();
}

Question::Next Question::ask_again(const std::vector<std::string>& failed) {
  Next next;
  next.patience = began_ + options_.deadline - clock_.monotonic();
  std::vector<std::string> all;
  std::ranges::set_union(silent_, failed, std::back_inserter(all));
  next.part = merged_->part();
  // A part's own filter is of the round before: the user's is put in its place.
  next.part.query.filter = counted_besides(request_.query, silent_, all).filter;
  if (next.patience < kLeastPatience || !can_travel(next.part.query)) return {};
  next.round = round_ = Round::kAgain;
  failed_ = failed;
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    if (!asked_[i].answered) continue;
    asked_[i].owes = true;
    ++owed_;
    next.ask.push_back(i);
  }
  return next;
}

QuerySources Question::sources() const {
  QuerySources sources{.asked = roster_.expected()};
  const auto missing = [&](QuerySources::Missing one) {
    if (sources.missing.size() < QuerySources::kMostMissing)
      sources.missing.push_back(std::move(one));
  };
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    const AgentState& state = *roster_.ready[i].state;
    if (asked_[i].answered) {
      ++sources.answered;
      add_lost(sources.lost, roster_.ready[i].peer->state()->lost);
    } else {
      missing({state.node, state.address, asked_[i].problem});
    }
  }
  for (const auto& each : roster_.missing) missing(each);
  return sources;
}

Question::Next Question::finish() {
  QuerySources from = sources();
  if (from.answered == 0 && from.asked > 0)
    return end_with({QueryFailure::Kind::kNoStore, missing_sentence(from)});
  if (from.asked == 0)
    return end_with({QueryFailure::Kind::kNoStore, "this server has found no agents yet"});
  auto answer = merged_->finish();
  if (!answer) return end_with(std::move(answer.error()));
  for (std::size_t i = 0; i < asked_.size(); ++i)
    if (asked_[i].answered && !asked_[i].problem.empty())
      warn(roster_.ready[i].name() + " answered in part: " + asked_[i].problem);
  if (from.partial()) warn(missing_sentence(from));
  answer->warnings.insert(answer->warnings.begin(), warnings_.begin(), warnings_.end());
  answer->sources = std::move(from);
  answer->took = (clock_.monotonic() - began_) / kMicrosecond;
  return {.finished = std::move(answer)};
}

Question::Next Question::end_with(QueryFailure failure) {
  return {.finished = std::unexpected(std::move(failure))};
}

void Question::warn(std::string warning) { warnings_.insert(std::move(warning)); }

void Question::watch_for_cancel() {
  {
    const MutexLock lock(mutex_);
    if (is_over()) return;
  }
  if (request_.cancelled && request_.cancelled->load(std::memory_order_relaxed)) return cancel();
  // Weak: a question that is over is not kept for this.
  scheduler_.after(kLookForCancel, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->watch_for_cancel();
  });
}

}  // namespace netprobe
