// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "query/history_store.h"

namespace netprobe::duck {

/// One that waits for its answer, or is answered.
struct Question {
  QueryRequest request;
  QueryDone answered;
  Nanos deadline = 0;  ///< monotonic; the time in the queue is in it
};

/// It groups or orders all that it reads, and keeps much of that in memory meanwhile; one
/// that is not is a page of records, newest first.
[[nodiscard]] bool is_broad(const Query& query);

/// Which question is answered next. Broad ones and the summing up of a file share the turn:
/// one at a time, in the order in which they came, as each alone may fill the memory that
/// history has. Pages need no turn and pass by. Not thread-safe.
class QuestionQueue {
 public:
  explicit QuestionQueue(std::size_t most) : most_(most) {}

  /// False: so many wait already.
  [[nodiscard]] bool push(Question question);
  /// The first that may be answered now; then done() is due.
  [[nodiscard]] std::optional<Question> next();
  void done(const Question& question);
  /// Takes out those that nobody wants any more, or whose time is over.
  [[nodiscard]] std::vector<Question> overdue(Nanos now);
  [[nodiscard]] std::vector<Question> take_all();

  /// Has a place in the order for one file's sums; one at a time.
  void want_turn();
  /// True: it has the turn until end_turn(). False: it has to wait.
  [[nodiscard]] bool begin_turn();
  /// Also of one that was wanted only.
  void end_turn();

  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  struct Waiting {
    Question question;
    std::uint64_t place = 0;
    bool broad = false;
  };
  [[nodiscard]] bool may_begin(std::uint64_t place) const;

  const std::size_t most_;
  std::deque<Waiting> waiting_;
  std::uint64_t places_ = 0;             ///< that were given
  bool taken_ = false;                   ///< the turn is
  std::optional<std::uint64_t> wanted_;  ///< place of the sums that wait
  bool summing_ = false;                 ///< the turn is theirs
};

}  // namespace netprobe::duck
