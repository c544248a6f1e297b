// SPDX-License-Identifier: Apache-2.0
// Which files are attached, and for whom.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/duckdb/catalogue.h"
#include "store/duckdb/tables.h"

namespace netprobe::duck {

namespace fs = std::filesystem;

Lease::Lease(Lease&& other) noexcept
    : catalogue_(std::exchange(other.catalogue_, nullptr)), files_(std::move(other.files_)) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    catalogue_ = std::exchange(other.catalogue_, nullptr);
    files_ = std::move(other.files_);
  }
  return *this;
}

void Lease::release() {
  if (catalogue_ != nullptr) catalogue_->release(files_);
  catalogue_ = nullptr;
  files_.clear();
}

// A log is replayed when its file is attached. A torn end is what a crash leaves, and
// is passed over; a log that is wrong in the middle refuses the whole file.
Status Catalogue::attach_or_drop_log(HistoryFile& file, bool writable) {
  const std::string log = file.path + ".wal";
  std::error_code none;
  const auto bytes = fs::file_size(log, none);
  const bool has_log = !none && bytes > 0;
  auto done = attach(file, writable || has_log || file.name.kind != FileKind::kRaw);
  if (done) {
    // So that it can be opened read-only from now on, and is replayed once only. Where
    // that fails (a full disk), it is replayed the next time.
    if (has_log) (void)session_->run("CHECKPOINT " + file.alias);
    return {};
  }
  if (!has_log) return done;
  std::error_code error;
  const std::string aside = log + ".bad";
  fs::rename(log, aside, error);
  if (error) return done;
  if (auto without = attach(file, true); !without) {
    fs::rename(aside, log, error);  // it was not the log's fault
    return done;
  }
  lost_logs_.push_back(fs::path(aside).filename());
  return {};
}

Status Catalogue::attach(HistoryFile& file, bool writable) {
  if (!file.alias.empty()) return {};
  const std::string alias = fmt::format("f{}", ++attached_);
  const std::string how =
      !writable ? "READ_ONLY"
                : fmt::format("ROW_GROUP_SIZE {}, BLOCK_SIZE {}, STORAGE_VERSION '{}'",
                              kRowGroupRows, kBlockBytes, kStorageVersion);
  auto done = session_->run(fmt::format("ATTACH {} AS {} ({})", quote_text(file.path), alias, how));
  if (!done) return done;
  file.alias = alias;
  return {};
}

void Catalogue::detach(HistoryFile& file) {
  if (file.alias.empty()) return;
  if (session_->run("DETACH " + file.alias)) file.alias.clear();
}

void Catalogue::detach_idle(std::size_t most) {
  for (;;) {
    std::size_t idle = 0;
    HistoryFile* oldest = nullptr;
    for (const HistoryFilePtr& file : files_) {
      if (file->alias.empty() || file->users > 0) continue;
      ++idle;
      if (oldest == nullptr || file->used < oldest->used) oldest = file.get();
    }
    if (idle <= most) return;
    detach(*oldest);
    if (!oldest->alias.empty()) return;
  }
}

Lease Catalogue::lease(const std::vector<HistoryFilePtr>& files,
                       std::vector<std::string>& problems) {
  std::vector<HistoryFilePtr> attached;
  {
    const MutexLock lock(mutex_);
    for (const HistoryFilePtr& file : files) {
      // Attached for writing, one that is gone would be made anew.
      if (std::ranges::find(files_, file) == files_.end()) {
        problems.push_back(format_file_name(file->name) + " was removed");
        continue;
      }
      if (auto done = attach(*file, file->name.kind != FileKind::kRaw); !done) {
        problems.push_back(fmt::format("{} cannot be read: {}", format_file_name(file->name),
                                       done.error().message));
        continue;
      }
      ++file->users;
      file->used = ++uses_;
      attached.push_back(file);
    }
  }
  return {*this, std::move(attached)};
}

void Catalogue::release(const std::vector<HistoryFilePtr>& files) {
  const MutexLock lock(mutex_);
  for (const HistoryFilePtr& file : files) {
    --file->users;
    // It was removed meanwhile, and this was its last user.
    if (file->users == 0 && std::ranges::find(files_, file) == files_.end()) detach(*file);
  }
  detach_idle(kIdleAttached);
}

void Catalogue::put_away(const HistoryFilePtr& file) {
  const MutexLock lock(mutex_);
  if (file->users == 0) detach(*file);
}

void Catalogue::rest() {
  const MutexLock lock(mutex_);
  detach_idle(0);
  names_.forget();
}

Status Catalogue::reopen(const HistoryFilePtr& file) {
  const MutexLock lock(mutex_);
  detach(*file);
  // Where it cannot be detached, the old one is still there.
  if (!file->alias.empty()) return fail(file->path + " cannot be opened anew");
  if (auto done = attach_or_drop_log(*file, true); !done) return done;
  if (file->alias.empty()) return fail(file->path + " cannot be opened anew");
  file->ranges = {};
  names_.forget(file->name.sequence);
  BadFile bad;
  if (auto looked = look_into(*file, bad); !looked) return looked;
  measure_locked(*file);
  return {};
}

}  // namespace netprobe::duck
