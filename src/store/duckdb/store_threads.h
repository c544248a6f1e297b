// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "store/duckdb/batch_queue.h"
#include "store/duckdb/catalogue.h"
#include "store/duckdb/disk_space.h"
#include "store/duckdb/duckdb_store.h"
#include "store/duckdb/question_queue.h"
#include "store/duckdb/raw_writer.h"
#include "store/duckdb/store_state.h"

namespace netprobe {

/// The threads of a store and what they share.
class DuckDbStore::Impl {
 public:
  Impl(duck::LibraryPtr library, const DuckDbOptions& options, const Clock& clock);
  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] Status start();
  void write(HistoryBatchPtr batch) NETPROBE_EXCLUDES(mutex_);
  void flush(Micros patience, std::function<void()> done) NETPROBE_EXCLUDES(mutex_);
  void ask(QueryRequest request, QueryDone answered) NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] HistoryStatus status() const NETPROBE_EXCLUDES(mutex_);
  void stop() NETPROBE_EXCLUDES(mutex_);
  void keep_house() NETPROBE_EXCLUDES(mutex_);
  void close_raw_file() NETPROBE_EXCLUDES(mutex_);

 private:
  using CataloguePtr = std::shared_ptr<duck::Catalogue>;
  struct Flush {
    std::uint64_t batches = 0;  ///< done, before it is
    Nanos deadline = 0;         ///< monotonic
    std::function<void()> done;
  };

  // Each is a thread.
  void write_loop();
  void read_loop();
  void keep_loop();

  /// One transaction, or a rest after one that failed. False: there is nothing to do
  /// any more.
  [[nodiscard]] bool write_once() NETPROBE_EXCLUDES(mutex_);
  /// Waits a moment for more rows, where many come.
  void fill_row_group() NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] bool has_room() NETPROBE_EXCLUDES(mutex_);
  void failed(const Error& error, std::size_t batches) NETPROBE_EXCLUDES(mutex_);
  void lose(std::size_t batches, duck::LossCause cause) NETPROBE_REQUIRES(mutex_);
  /// Ends all that uses the engine, and opens it anew.
  void restart() NETPROBE_EXCLUDES(mutex_);
  void serve_flushes() NETPROBE_EXCLUDES(mutex_);
  /// Gives memory back, after work and when there has been none for a while. What the
  /// engine has now; nothing where it was not used since this was asked last.
  [[nodiscard]] std::optional<std::uint64_t> rest(duck::Catalogue& catalogue, bool has_worked)
      NETPROBE_EXCLUDES(mutex_);
  void keep(duck::Catalogue& catalogue) NETPROBE_EXCLUDES(mutex_);
  void answer(const duck::Question& question, duck::Catalogue& catalogue) NETPROBE_EXCLUDES(mutex_);
  /// The next question that may be answered; waits for one. Nothing: the store stops.
  [[nodiscard]] std::optional<duck::Question> await_question() NETPROBE_EXCLUDES(mutex_);
  /// Those that wait in vain, every now and then.
  [[nodiscard]] std::vector<duck::Question> take_overdue() NETPROBE_REQUIRES(mutex_);
  /// Answers them: whoever works asks for it.
  void answer_overdue() NETPROBE_EXCLUDES(mutex_);
  /// Runs it when it has the turn, which broad questions take too. False: the store ends.
  [[nodiscard]] bool in_turn(const std::function<void()>& work) NETPROBE_EXCLUDES(mutex_);
  /// The engine, for as long as it is held; null where the store stops meanwhile.
  [[nodiscard]] CataloguePtr use_engine() NETPROBE_EXCLUDES(mutex_);
  void end_use(CataloguePtr catalogue) NETPROBE_EXCLUDES(mutex_);
  /// Whatever runs shall end.
  [[nodiscard]] bool is_broken() const NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] bool is_stopping() const NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] bool is_ending() const NETPROBE_EXCLUDES(mutex_);
  void wait(std::condition_variable_any& wake, Nanos time) NETPROBE_REQUIRES(mutex_);

  const duck::LibraryPtr library_;
  const DuckDbOptions options_;
  const Clock& clock_;
  std::unique_ptr<duck::RawWriter> writer_;  ///< of the writing thread
  duck::DiskSpace disk_;                     ///< of it
  unsigned failures_ = 0;                    ///< of it, in a row
  // Of the thread that keeps files in order.
  std::uint64_t queries_seen_ = 0;
  std::uint64_t batches_seen_ = 0;
  bool is_used_ = false;  ///< there was a look after it was opened
  Nanos worked_ = 0;      ///< monotonic: when there was a question or a sum
  bool rested_ = false;

  mutable Mutex mutex_;
  std::condition_variable_any wake_writer_;
  std::condition_variable_any wake_readers_;
  std::condition_variable_any wake_keeper_;
  std::condition_variable_any changed_;
  CataloguePtr engine_ NETPROBE_GUARDED_BY(mutex_);
  unsigned engine_users_ NETPROBE_GUARDED_BY(mutex_) = 0;
  duck::BatchQueue queue_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<Flush> flushes_ NETPROBE_GUARDED_BY(mutex_);
  duck::QuestionQueue questions_ NETPROBE_GUARDED_BY(mutex_);
  Nanos next_look_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< for those that wait in vain
  duck::StoreState state_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t rounds_wanted_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::uint64_t rounds_done_ NETPROBE_GUARDED_BY(mutex_) = 0;
  bool rotate_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool restarting_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool broken_ NETPROBE_GUARDED_BY(mutex_) = false;  ///< a database is, until it is opened anew
  bool stopping_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool written_ NETPROBE_GUARDED_BY(mutex_) = false;  ///< the writing thread has ended
  std::vector<std::thread> threads_;
};

}  // namespace netprobe
