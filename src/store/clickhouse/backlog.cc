// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/backlog.h"

#include <cerrno>
#include <utility>

#include "base/log.h"

namespace netprobe {
namespace {

/// Of rejected batches, kept for a person to look at: a part of all.
constexpr std::uint64_t kRejectedShare = 16;

}  // namespace

Backlog::Backlog(const ClickHouseOptions& options, Ended ended)
    : options_(options), ended_(std::move(ended)) {}

Status Backlog::open() {
  if (options_.spill_directory.empty()) return {};
  auto spill = Spill::open(options_.spill_directory);
  const MutexLock lock(mutex_);
  if (!spill) {
    counts_.problem = spill.error().message;
    return std::unexpected(spill.error());
  }
  spill_.emplace(std::move(*spill));
  for (const auto& file : spill_->found()) {
    Entry entry{.file = file, .rows = file.rows, .from_before = true};
    remember(entry, 1);
    entries_.push_back(std::move(entry));
  }
  // They go first, so what comes has to wait.
  on_disk_ = !entries_.empty();
  return {};
}

void Backlog::remember(const Entry& entry, int sign) {
  const auto add = [&](std::uint64_t& sum, std::uint64_t value) {
    sum = sign > 0 ? sum + value : sum - value;
  };
  add(counts_.groups, 1);
  add(counts_.rows, entry.rows);
  if (entry.group) add(counts_.bytes_in_memory, entry.group->bytes());
  if (!entry.file) return;
  add(counts_.bytes_spilled, entry.file->bytes);
  add(counts_.files, 1);
}

void Backlog::lose(std::string_view cause, std::uint64_t rows) {
  const MutexLock lock(mutex_);
  counts_.lost[std::string(cause)] += rows;
}

bool Backlog::to_disk(Entry& entry) {
  if (!spill_) return false;
  const MutexLock lock(writing_);
  if (counts().bytes_spilled + entry.group->bytes() > options_.spill_bytes) return false;
  auto file = spill_->write(*entry.group);
  const MutexLock counting(mutex_);
  if (!file) {
    if (counts_.problem != file.error().message) spdlog::warn("{}", file.error().message);
    counts_.problem = file.error().message;
    return false;
  }
  counts_.problem.clear();
  entry.file = std::move(*file);
  return true;
}

void Backlog::push(std::unique_ptr<InsertGroup> group) {
  Entry entry{.rows = group->rows(), .first_batch = group->first_batch};
  entry.group = std::move(group);
  bool to_disk_now = false;
  bool fits = false;
  {
    const MutexLock lock(mutex_);
    fits = counts_.bytes_in_memory + entry.group->bytes() <= options_.memory_bytes / 2;
    to_disk_now = on_disk_ || !fits;
  }
  const bool spilled = to_disk_now && to_disk(entry);
  if (spilled) entry.group.reset();
  if (!spilled && !fits) {
    std::string cause = "queue_full";
    if (spill_) cause = counts().problem.empty() ? "spill_full" : "disk_full";
    lose(cause, entry.rows);
    ended_(entry.first_batch);
    return;
  }
  const MutexLock lock(mutex_);
  remember(entry, 1);
  entries_.push_back(std::move(entry));
}

InsertGroup* Backlog::front() {
  for (;;) {
    Entry* entry = nullptr;
    {
      const MutexLock lock(mutex_);
      if (entries_.empty()) return nullptr;
      entry = &entries_.front();  // stays where it is: only this thread takes it away
      if (entry->group) return entry->group.get();
    }
    auto group = spill_->read(*entry->file);
    if (group) {
      group->first_batch = entry->first_batch;
      group->from_before = entry->from_before;
      const MutexLock lock(mutex_);
      remember(*entry, -1);
      entry->group = std::make_unique<InsertGroup>(std::move(*group));
      entry->rows = entry->group->rows();
      remember(*entry, 1);
      return entry->group.get();
    }
    spdlog::warn("{}: it is set aside", group.error().message);
    spill_->quarantine(*entry->file);
    lose("corrupt_file", entry->rows);
    Entry gone;
    {
      const MutexLock lock(mutex_);
      remember(*entry, -1);
      gone = std::move(*entry);
      entries_.pop_front();
    }
    ended_(gone.first_batch);
  }
}

void Backlog::leave(Entry entry) {
  if (entry.file) spill_->remove(*entry.file);
  ended_(entry.first_batch);
}

void Backlog::pop() {
  Entry entry;
  {
    const MutexLock lock(mutex_);
    remember(entries_.front(), -1);
    entry = std::move(entries_.front());
    entries_.pop_front();
  }
  leave(std::move(entry));
}

void Backlog::park() {
  Entry entry;
  {
    const MutexLock lock(mutex_);
    remember(entries_.front(), -1);
    entry = std::move(entries_.front());
    entries_.pop_front();
  }
  if (entry.file) spill_->remove(*entry.file);
  entry.file.reset();
  // What the server has is not to come again.
  std::erase_if(entry.group->parts, [](const InsertPart& part) { return part.done; });
  lose("rejected", entry.group->rows());
  if (to_disk(entry)) spill_->reject(*entry.file, options_.spill_bytes / kRejectedShare);
  ended_(entry.first_batch);
}

void Backlog::keep_on_disk() {
  if (!spill_) return;
  std::vector<Entry*> in_memory;
  {
    const MutexLock lock(mutex_);
    on_disk_ = true;
    for (auto& entry : entries_)
      if (!entry.file) in_memory.push_back(&entry);
  }
  for (Entry* entry : in_memory) {
    Entry copy{.rows = entry->rows};
    copy.group = std::move(entry->group);
    const bool written = to_disk(copy);
    const MutexLock lock(mutex_);
    // What is under way keeps in memory what is known of it.
    const bool is_front = entry == &entries_.front();
    entry->group = std::move(copy.group);
    remember(*entry, -1);
    if (written) entry->file = std::move(copy.file);
    if (written && !is_front) entry->group.reset();
    remember(*entry, 1);
    if (!written) return;
  }
}

void Backlog::calm() {
  const MutexLock lock(mutex_);
  // Not while older ones are on disk: the order is theirs.
  if (counts_.files == 0) on_disk_ = false;
}

void Backlog::give_up() {
  keep_on_disk();
  for (;;) {
    Entry entry;
    {
      const MutexLock lock(mutex_);
      if (entries_.empty()) break;
      remember(entries_.front(), -1);
      entry = std::move(entries_.front());
      entries_.pop_front();
      if (!entry.file) counts_.lost["stopped"] += entry.rows;
    }
    ended_(entry.first_batch);
  }
  // Who comes next may have the folder.
  spill_.reset();
}

Backlog::Counts Backlog::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

}  // namespace netprobe
