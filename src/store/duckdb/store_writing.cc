// SPDX-License-Identifier: Apache-2.0
// The writing thread of a store.
#include <fmt/format.h>

#include <utility>

#include "store/duckdb/store_threads.h"
#include "store/duckdb/tables.h"

namespace netprobe {
namespace {

constexpr Nanos kRest = kSecond;  // after a failure, and between looks at the disk
// Tried so often, and then in a new file; and then given up.
constexpr unsigned kTriesInFile = 3;
constexpr unsigned kTries = 6;
// From so many waiting rows on, the rest of a row group is waited for: so long at most,
// and not after a pause.
constexpr std::uint64_t kBusyRows = duck::kTransactionRows / 4;
constexpr Nanos kPatience = 250 * kMillisecond;
constexpr Nanos kPause = 50 * kMillisecond;

}  // namespace

void DuckDbStore::Impl::write_loop() {
  while (write_once()) serve_flushes();
  if (writer_) writer_->rotate(false);
  writer_.reset();
  {
    const MutexLock lock(mutex_);
    lose(queue_.taken() - queue_.done(), duck::LossCause::kStopped);
    written_ = true;
    wake_keeper_.notify_all();
  }
  serve_flushes();
}

bool DuckDbStore::Impl::write_once() {
  bool stopping = false;
  bool rotate = false;
  std::vector<HistoryBatchPtr> batches;
  {
    const MutexLock lock(mutex_);
    if (queue_.empty() && !stopping_ && !rotate_) wait(wake_writer_, kRest);
    fill_row_group();
    stopping = stopping_;
    rotate = std::exchange(rotate_, false);
    batches = queue_.front(duck::kTransactionRows);
  }
  if (rotate || batches.empty()) {
    if (writer_) writer_->rotate(rotate && batches.empty());
    const MutexLock lock(mutex_);
    // What was taken before is written first.
    rotate_ = rotate && !batches.empty();
    if (rotate && batches.empty()) ++state_.rotations;
    changed_.notify_all();
  }
  if (batches.empty()) return !stopping;
  if (!has_room()) {
    const MutexLock lock(mutex_);
    if (!stopping_) wait(wake_writer_, kRest);
    return !stopping_;
  }
  if (!writer_ || is_broken()) {
    restart();
    if (!writer_) return !is_stopping();
  }
  if (auto done = writer_->write(batches); !done) {
    failed(done.error(), batches.size());
    return !stopping;
  }
  failures_ = 0;
  const MutexLock lock(mutex_);
  broken_ = broken_ || writer_->is_fatal();
  state_.writable = true;
  state_.problem.clear();
  for (const HistoryBatchPtr& batch : batches) state_.rows_written += batch->size();
  state_.batches_written += batches.size();
  queue_.pop(batches.size());
  return true;
}

// A transaction of a full row group is compressed straight into the file. A smaller one
// is written to the log, is held in memory, and is compressed later, together with the
// part of a row group that is there: twice the work, and worse compressed.
void DuckDbStore::Impl::fill_row_group() {
  const Nanos deadline = clock_.monotonic() + kPatience;
  while (queue_.rows() >= kBusyRows && queue_.rows() < duck::kTransactionRows && !stopping_ &&
         !rotate_ && flushes_.empty() && clock_.monotonic() < deadline) {
    const std::uint64_t before = queue_.rows();
    wait(wake_writer_, kPause);
    if (queue_.rows() == before) return;
  }
}

bool DuckDbStore::Impl::has_room() {
  const bool room = disk_.has_room();
  const MutexLock lock(mutex_);
  state_.disk_full = !room;
  if (!room) {
    state_.writable = false;
    state_.problem = disk_.problem();
  }
  return room;
}

void DuckDbStore::Impl::failed(const Error& error, std::size_t batches) {
  ++failures_;
  if (writer_->is_fatal()) {
    writer_.reset();
  } else if (failures_ == kTriesInFile) {
    writer_->rotate(true);
  }
  const MutexLock lock(mutex_);
  state_.writable = false;
  state_.problem = fmt::format("nothing is written: {}", error.message);
  if (failures_ >= kTries && !state_.disk_full) {
    lose(batches, duck::LossCause::kRejected);
    failures_ = 0;
  }
  if (!stopping_) wait(wake_writer_, kRest);
}

void DuckDbStore::Impl::lose(std::size_t batches, duck::LossCause cause) {
  const std::uint64_t before = queue_.rows();
  queue_.pop(batches);
  state_.lost_by(cause) += before - queue_.rows();
}

void DuckDbStore::Impl::restart() {
  writer_.reset();
  CataloguePtr old;
  {
    const MutexLock lock(mutex_);
    restarting_ = true;
    broken_ = false;
    while (engine_users_ > 0) wait(changed_, kRest);
    old = std::exchange(engine_, nullptr);
  }
  old.reset();
  auto opened = duck::Catalogue::open(library_, options_, clock_);
  const MutexLock lock(mutex_);
  restarting_ = false;
  if (opened) {
    engine_ = std::move(*opened);
    writer_ = std::make_unique<duck::RawWriter>(*engine_, options_, clock_);
    writer_->adopt();
  } else {
    state_.problem = opened.error().message;
    if (!stopping_) wait(wake_writer_, kRest);
  }
  changed_.notify_all();
}

}  // namespace netprobe
