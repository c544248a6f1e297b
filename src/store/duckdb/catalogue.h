// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "store/duckdb/database.h"
#include "store/duckdb/history_file.h"
#include "store/duckdb/names.h"
#include "store/duckdb/options.h"

namespace netprobe::duck {

class Catalogue;

/// Files that are attached as long as this lives.
class Lease {
 public:
  Lease() = default;
  Lease(Catalogue& catalogue, std::vector<HistoryFilePtr> files)
      : catalogue_(&catalogue), files_(std::move(files)) {}
  ~Lease() { release(); }
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  [[nodiscard]] const std::vector<HistoryFilePtr>& files() const { return files_; }
  void release();

 private:
  Catalogue* catalogue_ = nullptr;
  std::vector<HistoryFilePtr> files_;
};

/// A file as of one moment, for those who choose.
struct FileView {
  HistoryFilePtr file;
  FileName name;
  std::array<TimeRange, kRecordKinds> ranges{};
  std::uint64_t bytes = 0;
  Micros newest = 0;
  bool writing = false;
  std::uint64_t names = 0;  ///< Names::Use::number() of a raw file, where it is read
  std::string where;        ///< that its own tables' rows are read by; empty: all
  /// Of a raw file: it is in a file of this kind, by enum FileKind.
  std::array<bool, kFileKinds> summed{};
};

/// Something in the directory that cannot be used, and is left as it is.
struct BadFile {
  std::string name;
  std::string why;
  bool newer = false;      ///< of a program that knows more
  bool foreign = false;    ///< nothing of ours
  std::uint64_t rows = 0;  ///< that it holds, as far as they can be counted
};

/// The directory's files: which there are, what they hold, and which of them are
/// attached to the one DuckDB. Attaching is serialised here. Thread-safe.
class Catalogue {
 public:
  /// Takes the directory, which is then no other process's, and looks at every file
  /// in it. kBusy: another agent has it.
  [[nodiscard]] static Result<std::unique_ptr<Catalogue>> open(LibraryPtr library,
                                                               const DuckDbOptions& options,
                                                               const Clock& clock);
  ~Catalogue();
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  [[nodiscard]] const Instance& instance() const { return *instance_; }

  [[nodiscard]] std::vector<FileView> files() const NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<BadFile> bad_files() const NETPROBE_EXCLUDES(mutex_);
  /// Write-ahead logs that could not be replayed and were put aside.
  [[nodiscard]] std::vector<std::string> lost_logs() const NETPROBE_EXCLUDES(mutex_);

  /// What numbers in raw files mean.
  [[nodiscard]] Names& names() { return names_; }

  /// Of DuckDB's buffers.
  [[nodiscard]] std::uint64_t memory_bytes() NETPROBE_EXCLUDES(mutex_);

  /// Attaches what is not attached yet. A file that cannot be is left out, and named
  /// in `problems`.
  [[nodiscard]] Lease lease(const std::vector<HistoryFilePtr>& files,
                            std::vector<std::string>& problems) NETPROBE_EXCLUDES(mutex_);
  /// A new file with empty tables.
  [[nodiscard]] Result<Lease> create(const FileName& name) NETPROBE_EXCLUDES(mutex_);
  /// A raw file, next in order.
  [[nodiscard]] Result<Lease> create_raw() NETPROBE_EXCLUDES(mutex_);
  /// What raw files of `stamp` are summed up into; made where it is not there.
  [[nodiscard]] Result<Lease> target(FileKind kind, std::string_view stamp)
      NETPROBE_EXCLUDES(mutex_);

  void set_writing(const HistoryFilePtr& file, bool writing) NETPROBE_EXCLUDES(mutex_);
  /// Rows were committed to it, and of a summing file, from which raw file.
  void grown(const HistoryFilePtr& file, const std::array<TimeRange, kRecordKinds>& more,
             std::uint64_t source) NETPROBE_EXCLUDES(mutex_);
  /// Detaches it where nobody uses it: what was written since it was attached keeps its
  /// row groups' descriptions in memory, and comes back without them.
  void put_away(const HistoryFilePtr& file) NETPROBE_EXCLUDES(mutex_);
  /// Gives back what only readers need: files that nobody uses are detached, and with
  /// them goes what is kept of them in memory.
  void rest() NETPROBE_EXCLUDES(mutex_);
  /// Has the library's allocator give back what is free.
  void let_go() NETPROBE_EXCLUDES(mutex_);
  /// Reads its size anew.
  void measure(const HistoryFilePtr& file) NETPROBE_EXCLUDES(mutex_);
  /// Removes it from the disk; who uses it goes on.
  void remove(const HistoryFilePtr& file) NETPROBE_EXCLUDES(mutex_);
  /// Attaches it anew, for writing, and looks what is in it: what was committed.
  [[nodiscard]] Status reopen(const HistoryFilePtr& file) NETPROBE_EXCLUDES(mutex_);

 private:
  friend class Lease;
  /// Attached files cost memory beside the buffers (measured: docs/adr/0007), so only
  /// those stay that were used last.
  static constexpr std::size_t kIdleAttached = 8;

  Catalogue(const DuckDbOptions& options, const Clock& clock);

  [[nodiscard]] Status take_directory();
  void scan() NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] Status attach(HistoryFile& file, bool writable) NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] Status attach_or_drop_log(HistoryFile& file, bool writable)
      NETPROBE_REQUIRES(mutex_);
  void detach(HistoryFile& file) NETPROBE_REQUIRES(mutex_);
  /// But those used last, so many.
  void detach_idle(std::size_t most) NETPROBE_REQUIRES(mutex_);
  /// What it holds; fails, with `bad` filled, where it is none of ours.
  [[nodiscard]] Status look_into(HistoryFile& file, BadFile& bad) NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] Result<HistoryFilePtr> make(const FileName& name) NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] Status make_tables(const HistoryFile& file) NETPROBE_REQUIRES(mutex_);
  void measure_locked(HistoryFile& file) NETPROBE_REQUIRES(mutex_);
  void release(const std::vector<HistoryFilePtr>& files) NETPROBE_EXCLUDES(mutex_);

  const DuckDbOptions options_;
  const Clock& clock_;
  std::string temp_;
  std::uint64_t buffers_ = 0;  ///< bytes at most, of the library's
  UniqueFd lock_;
  Names names_;  ///< of the instance's functions
  std::unique_ptr<Instance> instance_;
  mutable Mutex mutex_;
  std::unique_ptr<Session> session_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<HistoryFilePtr> files_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<BadFile> bad_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::string> lost_logs_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t next_sequence_ NETPROBE_GUARDED_BY(mutex_) = 1;
  std::uint64_t attached_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< ever, for aliases
  std::uint64_t uses_ NETPROBE_GUARDED_BY(mutex_) = 0;
};

}  // namespace netprobe::duck
