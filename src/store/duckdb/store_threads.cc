// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/store_threads.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "store/duckdb/keeper.h"

namespace netprobe {
namespace {

// Two, so that a page does not wait for a broad question, of which there is one at a time.
constexpr unsigned kReaders = 2;
constexpr std::size_t kMaxQuestions = 64;
constexpr Nanos kRest = kSecond;
// A share of the memory that history has.
constexpr std::uint64_t kQueueShare = 4;

QueryFailure gone() { return {QueryFailure::Kind::kNoStore, "history is being stopped"}; }

}  // namespace

DuckDbStore::Impl::Impl(duck::LibraryPtr library, const DuckDbOptions& options, const Clock& clock)
    : library_(std::move(library)),
      options_(options),
      clock_(clock),
      disk_(options.directory, options.min_free_bytes),
      queue_(options.memory_limit / kQueueShare),
      questions_(kMaxQuestions) {}

Status DuckDbStore::Impl::start() {
  auto catalogue = duck::Catalogue::open(library_, options_, clock_);
  if (!catalogue) return std::unexpected(catalogue.error());
  {
    const MutexLock lock(mutex_);
    engine_ = std::move(*catalogue);
    writer_ = std::make_unique<duck::RawWriter>(*engine_, options_, clock_);
    writer_->adopt();
  }
  worked_ = clock_.monotonic();
  threads_.emplace_back([this] { write_loop(); });
  threads_.emplace_back([this] { keep_loop(); });
  for (unsigned i = 0; i < kReaders; ++i) threads_.emplace_back([this] { read_loop(); });
  return {};
}

void DuckDbStore::Impl::write(HistoryBatchPtr batch) {
  if (!batch || batch->size() == 0) return;
  const MutexLock lock(mutex_);
  const std::size_t rows = batch->size();
  if (stopping_) {
    state_.lost_by(duck::LossCause::kStopped) += rows;
  } else if (!queue_.push(std::move(batch))) {
    state_.lost_by(state_.disk_full ? duck::LossCause::kDiskFull : duck::LossCause::kQueueFull) +=
        rows;
  } else {
    wake_writer_.notify_one();
  }
}

void DuckDbStore::Impl::flush(Micros patience, std::function<void()> done) {
  {
    const MutexLock lock(mutex_);
    if (!stopping_) {
      flushes_.push_back({.batches = queue_.taken(),
                          .deadline = clock_.monotonic() + patience * kMicrosecond,
                          .done = std::move(done)});
      wake_writer_.notify_one();
      wake_keeper_.notify_one();
      return;
    }
  }
  done();
}

void DuckDbStore::Impl::serve_flushes() {
  std::vector<Flush> due;
  {
    const MutexLock lock(mutex_);
    const Nanos now = clock_.monotonic();
    for (auto flush = flushes_.begin(); flush != flushes_.end();) {
      if (flush->batches > queue_.done() && flush->deadline > now && !written_) {
        ++flush;
        continue;
      }
      due.push_back(std::move(*flush));
      flush = flushes_.erase(flush);
    }
  }
  for (const Flush& flush : due) flush.done();
}

void DuckDbStore::Impl::ask(QueryRequest request, QueryDone answered) {
  QueryFailure why = gone();
  {
    const MutexLock lock(mutex_);
    if (!stopping_) {
      const Nanos deadline = clock_.monotonic() + request.limits.time * kMicrosecond;
      // Whoever is free may not be the one that may take it.
      wake_readers_.notify_all();
      if (questions_.push(
              {.request = std::move(request), .answered = answered, .deadline = deadline}))
        return;
      why = {QueryFailure::Kind::kNoStore, "too many queries are waiting; ask again later"};
    }
    ++state_.queries;
    ++state_.queries_failed;
  }
  answered(std::unexpected(why));
}

void DuckDbStore::Impl::stop() {
  {
    const MutexLock lock(mutex_);
    if (stopping_ && threads_.empty()) return;
    stopping_ = true;
    wake_writer_.notify_all();
    wake_readers_.notify_all();
    wake_keeper_.notify_all();
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  serve_flushes();
  std::vector<duck::Question> left;
  {
    const MutexLock lock(mutex_);
    left = questions_.take_all();
    writer_.reset();
    engine_.reset();
  }
  for (const duck::Question& question : left) question.answered(std::unexpected(gone()));
}

void DuckDbStore::Impl::wait(std::condition_variable_any& wake, Nanos time) {
  wake.wait_for(mutex_, std::chrono::nanoseconds(time));
}

bool DuckDbStore::Impl::is_ending() const {
  const MutexLock lock(mutex_);
  return stopping_ || restarting_;
}

DuckDbStore::Impl::CataloguePtr DuckDbStore::Impl::use_engine() {
  const MutexLock lock(mutex_);
  while (restarting_ && !stopping_) wait(changed_, kRest);
  if (stopping_ || !engine_) return nullptr;
  ++engine_users_;
  return engine_;
}

void DuckDbStore::Impl::end_use(CataloguePtr catalogue) {
  catalogue.reset();
  const MutexLock lock(mutex_);
  --engine_users_;
  changed_.notify_all();
}

bool DuckDbStore::Impl::is_broken() const {
  const MutexLock lock(mutex_);
  return broken_;
}

bool DuckDbStore::Impl::is_stopping() const {
  const MutexLock lock(mutex_);
  return stopping_;
}

void DuckDbStore::Impl::keep_loop() {
  Nanos next = clock_.monotonic() + options_.housekeeping * kMicrosecond;
  for (;;) {
    serve_flushes();
    std::uint64_t wanted = 0;
    {
      const MutexLock lock(mutex_);
      if (stopping_ && written_) return;
      Nanos until = next;
      for (const Flush& flush : flushes_) until = std::min(until, flush.deadline);
      const Nanos now = clock_.monotonic();
      if (rounds_wanted_ == rounds_done_ && until > now)
        wait(wake_keeper_, std::min(until - now, kRest));
      wanted = rounds_wanted_;
      if (wanted == rounds_done_ && clock_.monotonic() < next) continue;
    }
    auto engine = use_engine();
    if (engine) {
      keep(*engine);
      end_use(std::move(engine));
    }
    next = clock_.monotonic() + options_.housekeeping * kMicrosecond;
    const MutexLock lock(mutex_);
    rounds_done_ = wanted;
    changed_.notify_all();
    if (stopping_ && !written_) wait(wake_keeper_, kRest / 10);
  }
}

void DuckDbStore::Impl::keep(duck::Catalogue& catalogue) {
  duck::Keeper keeper(catalogue, options_, clock_);
  const auto go_on = [this] {
    serve_flushes();
    answer_overdue();
    return !is_ending();
  };
  const auto done = keeper.work(go_on, [this](const auto& work) { return in_turn(work); });
  const auto memory = rest(catalogue, keeper.has_worked());
  const MutexLock lock(mutex_);
  state_.rows_removed += keeper.rows_removed();
  state_.memory_bytes = memory.value_or(state_.memory_bytes);
  state_.upkeep_problem = done ? "" : done.error().message;
  if (!done && duck::is_fatal(done.error())) broken_ = true;
}

// malloc keeps what is free below what is not: after a day's questions 35 MiB. And a
// node that nobody asks anything needs neither files nor the half of the library that
// answers; one that has little to tell commits something a few times a minute, and in
// between nothing of the library.
std::optional<std::uint64_t> DuckDbStore::Impl::rest(duck::Catalogue& catalogue, bool has_worked) {
  const Nanos now = clock_.monotonic();
  bool asked = false;
  bool used = !is_used_;
  is_used_ = true;
  {
    const MutexLock lock(mutex_);
    asked = std::exchange(queries_seen_, state_.queries) != state_.queries;
    used |= std::exchange(batches_seen_, state_.batches_written) != state_.batches_written;
  }
  used |= asked || has_worked;
  std::optional<std::uint64_t> memory;
  if (used) memory = catalogue.memory_bytes();
  if (asked || has_worked) {
    worked_ = now;
    rested_ = false;
    (void)::malloc_trim(0);
  } else if (!rested_ && now - worked_ >= options_.rest_after * kMicrosecond) {
    rested_ = used = true;
    catalogue.rest();
    (void)::malloc_trim(0);
  }
  if (used && !asked && !has_worked) {
    catalogue.let_go();
    library_->let_pages_go();
  }
  return memory;
}

void DuckDbStore::Impl::keep_house() {
  const MutexLock lock(mutex_);
  const std::uint64_t round = ++rounds_wanted_;
  wake_keeper_.notify_all();
  while (rounds_done_ < round && !stopping_) wait(changed_, kRest);
}

void DuckDbStore::Impl::close_raw_file() {
  const MutexLock lock(mutex_);
  const std::uint64_t before = state_.rotations;
  rotate_ = true;
  wake_writer_.notify_all();
  while (state_.rotations == before && !stopping_) wait(changed_, kRest);
}

}  // namespace netprobe
