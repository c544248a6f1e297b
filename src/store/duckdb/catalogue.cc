// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/catalogue.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/duckdb/tables.h"

namespace netprobe::duck {
namespace {

namespace fs = std::filesystem;

// Less does not hold the row group that is written, whatever the limit is.
constexpr std::uint64_t kLeastBuffers = 28U << 20U;

// Of the limit: what one broad question and the writing need together.
constexpr std::uint64_t kBuffersShare = 4;

// Of the limit, for names of the files that are read.
constexpr std::uint64_t kNamesShare = 8;

constexpr std::string_view kUnfinished = ".new";

Micros modified_time(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return 0;
  return info.st_mtim.tv_sec * 1'000'000 + info.st_mtim.tv_nsec / 1000;
}

std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

}  // namespace

Catalogue::Catalogue(const DuckDbOptions& options, const Clock& clock)
    : options_(options), clock_(clock), names_(options.memory_limit / kNamesShare) {}

Result<std::unique_ptr<Catalogue>> Catalogue::open(LibraryPtr library, const DuckDbOptions& options,
                                                   const Clock& clock) {
  std::unique_ptr<Catalogue> catalogue(new Catalogue(options, clock));
  if (auto taken = catalogue->take_directory(); !taken) return std::unexpected(taken.error());
  catalogue->buffers_ = std::max(options.memory_limit / kBuffersShare, kLeastBuffers);
  // A quarter is for rows in waiting; the rest is what the library takes beside its
  // buffers, more than them: descriptions of attached files, columns while they are
  // compressed, what its allocator holds, and names.
  auto instance = Instance::open(std::move(library), {.memory_limit = catalogue->buffers_,
                                                      .threads = options.threads,
                                                      .temp_directory = catalogue->temp_,
                                                      .max_temp_bytes = options.max_bytes / 4});
  if (!instance) return std::unexpected(instance.error());
  catalogue->instance_ = std::move(*instance);
  auto session = Session::open(*catalogue->instance_);
  if (!session) return std::unexpected(session.error());
  const MutexLock lock(catalogue->mutex_);
  catalogue->session_ = std::move(*session);
  if (auto done = catalogue->names_.make_functions(*catalogue->session_); !done)
    return std::unexpected(done.error());
  // When is decided by rows (raw_writer.cc); this is for when that fails.
  if (auto done = catalogue->session_->run("SET checkpoint_threshold = '96MB'"); !done)
    return std::unexpected(done.error());
  catalogue->scan();
  return catalogue;
}

Catalogue::~Catalogue() {
  const MutexLock lock(mutex_);
  for (const HistoryFilePtr& file : files_) detach(*file);
  session_.reset();
}

Status Catalogue::take_directory() {
  std::error_code error;
  fs::create_directories(options_.directory, error);
  if (error) {
    return fail(fmt::format("cannot make the history's directory {}: {}", options_.directory,
                            error.message()));
  }
  const std::string path = options_.directory + "/lock";
  lock_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_) return fail_errno(fmt::format("cannot write to the history's directory, {}", path));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno(fmt::format("cannot lock {}", path));
    std::array<char, 32> owner{};
    const ssize_t size = ::pread(lock_.get(), owner.data(), owner.size() - 1, 0);
    std::string who(owner.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    while (who.ends_with('\n')) who.pop_back();
    return fail(fmt::format("the history in {} is being written by another agent{}: give each a "
                            "directory of its own",
                            options_.directory, who.empty() ? "" : " (process " + who + ")"),
                ErrorKind::kBusy);
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock_.get(), 0) != 0 ||
      ::pwrite(lock_.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    // Only for the sentence above; a full disk must not keep history from starting.
  }
  temp_ = options_.directory + "/temp";
  fs::remove_all(temp_, error);  // of a process that ended in the middle of a query
  fs::create_directories(temp_, error);
  return {};
}

void Catalogue::scan() {
  std::error_code error;
  std::vector<std::string> names;
  std::vector<fs::path> unfinished;
  for (const auto& entry : fs::directory_iterator(options_.directory, error))
    if (entry.path().string().ends_with(kUnfinished) ||
        entry.path().string().ends_with(std::string(kUnfinished) + ".wal"))
      unfinished.push_back(entry.path());
    else if (entry.path().extension() == ".duckdb")
      names.push_back(entry.path().filename());
  for (const fs::path& path : unfinished) fs::remove(path, error);
  std::ranges::sort(names);
  for (const std::string& text : names) {
    const auto name = parse_file_name(text);
    if (!name) {
      bad_.push_back({.name = text, .why = "its name is none of ours", .foreign = true});
      continue;
    }
    next_sequence_ = std::max(next_sequence_, name->sequence + 1);
    const auto file = std::make_shared<HistoryFile>();
    file->name = *name;
    file->path = options_.directory + "/" + text;
    BadFile bad{.name = text};
    if (auto done = attach_or_drop_log(*file, false); !done) {
      bad.why = done.error().message;
      bad_.push_back(std::move(bad));
      continue;
    }
    if (auto looked = look_into(*file, bad); !looked) {
      bad.why = looked.error().message;
      bad_.push_back(std::move(bad));
      detach(*file);
      continue;
    }
    for (const std::uint64_t source : file->sources)
      next_sequence_ = std::max(next_sequence_, source + 1);
    measure_locked(*file);
    file->used = ++uses_;
    files_.push_back(file);
    detach_idle(kIdleAttached);
  }
}

Status Catalogue::look_into(HistoryFile& file, BadFile& bad) {
  const auto schema =
      session_->value(fmt::format("SELECT schema FROM {}.main.netprobe", file.alias));
  if (!schema || !std::holds_alternative<std::int64_t>(*schema)) {
    bad.foreign = true;
    return fail("it is a database, but no history");
  }
  file.schema = static_cast<int>(std::get<std::int64_t>(*schema));
  const int known = file_schema(file.name.kind);
  if (file.schema > known) {
    bad.newer = true;
    for (const FileTable& table : file_tables(file.name.kind)) {
      const auto rows =
          session_->value(fmt::format("SELECT count(*) FROM {}.main.{}", file.alias, table.name));
      if (rows && std::holds_alternative<std::int64_t>(*rows))
        bad.rows += static_cast<std::uint64_t>(std::get<std::int64_t>(*rows));
    }
    return fail(fmt::format("it was written by a newer version (schema {}, known is {})",
                            file.schema, known));
  }
  for (const FileTable& table : file_tables(file.name.kind)) {
    auto rows = session_->query(fmt::format("SELECT min(time), max(time), count(*) FROM {}.main.{}",
                                            file.alias, table.name));
    if (!rows) return std::unexpected(rows.error());
    if (!rows->next()) continue;
    TimeRange& range = file.ranges.at(static_cast<std::size_t>(table.kind));
    range.rows = static_cast<std::uint64_t>(std::get<std::int64_t>(rows->value(2, 0)));
    bad.rows += range.rows;  // where a later table cannot be read
    if (range.rows == 0) continue;
    range.oldest = std::get<std::int64_t>(rows->value(0, 0));
    range.newest = std::get<std::int64_t>(rows->value(1, 0));
  }
  if (file.name.kind == FileKind::kRaw) return {};
  auto rows = session_->query(fmt::format("SELECT source FROM {}.main.sources", file.alias));
  if (!rows) return std::unexpected(rows.error());
  while (rows->next())
    for (std::size_t i = 0; i < rows->size(); ++i)
      file.sources.insert(std::get<std::uint64_t>(rows->value(0, i)));
  return {};
}

std::vector<FileView> Catalogue::files() const {
  const MutexLock lock(mutex_);
  std::vector<FileView> views;
  views.reserve(files_.size());
  for (const HistoryFilePtr& file : files_) {
    FileView view{.file = file,
                  .name = file->name,
                  .ranges = file->ranges,
                  .bytes = file->bytes,
                  .newest = file->newest(),
                  .writing = file->writing};
    if (file->name.kind == FileKind::kRaw) {
      for (const HistoryFilePtr& other : files_)
        if (other->sources.contains(file->name.sequence))
          view.summed.at(static_cast<std::size_t>(other->name.kind)) = true;
    }
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<BadFile> Catalogue::bad_files() const {
  const MutexLock lock(mutex_);
  return bad_;
}

std::vector<std::string> Catalogue::lost_logs() const {
  const MutexLock lock(mutex_);
  return lost_logs_;
}

std::uint64_t Catalogue::memory_bytes() {
  const MutexLock lock(mutex_);
  const auto sum = session_->value("SELECT sum(memory_usage_bytes)::UBIGINT FROM duckdb_memory()");
  const auto* number = sum ? std::get_if<std::uint64_t>(&*sum) : nullptr;
  return number != nullptr ? *number : 0;
}

// Under another name until its tables are there: whatever ends the process, a file of
// ours has them.
Result<HistoryFilePtr> Catalogue::make(const FileName& name) {
  const auto file = std::make_shared<HistoryFile>();
  file->name = name;
  const std::string path = options_.directory + "/" + format_file_name(name);
  file->path = path + std::string(kUnfinished);
  std::error_code error;
  fs::remove(file->path, error);
  auto done = attach(*file, true);
  if (done) done = make_tables(*file);
  detach(*file);
  if (done) {
    fs::rename(file->path, path, error);
    if (error) done = fail(error.message());
  }
  if (!done) {
    fs::remove(file->path, error);
    fs::remove(file->path + ".wal", error);
    return fail(fmt::format("cannot make {}: {}", path, done.error().message));
  }
  file->path = path;
  if (done = attach(*file, true); !done) return std::unexpected(done.error());
  measure_locked(*file);
  file->schema = file_schema(name.kind);
  file->users = 1;
  file->used = ++uses_;
  // From the first moment, or it would be summed up while it is empty.
  file->writing = name.kind == FileKind::kRaw;
  files_.push_back(file);
  return file;
}

Status Catalogue::make_tables(const HistoryFile& file) {
  std::string sql = "BEGIN;";
  for (const std::string& statement : make_table_sql(file.name.kind, file.alias))
    sql += statement + ";";
  sql += "COMMIT";
  if (auto done = session_->run(sql); !done) {
    (void)session_->run("ROLLBACK");
    return done;
  }
  // Into the file itself, so that one without rows needs no log to be understood.
  return session_->run("CHECKPOINT " + file.alias);
}

Result<Lease> Catalogue::create(const FileName& name) {
  const auto made = [&]() -> Result<HistoryFilePtr> {
    const MutexLock lock(mutex_);
    return make(name);
  }();
  if (!made) return std::unexpected(made.error());
  return Lease(*this, {*made});
}

Result<Lease> Catalogue::create_raw() {
  FileName name{.kind = FileKind::kRaw, .period = format_stamp(clock_.wall() / kMicrosecond)};
  {
    const MutexLock lock(mutex_);
    name.sequence = next_sequence_++;
  }
  return create(name);
}

Result<Lease> Catalogue::target(FileKind kind, std::string_view stamp) {
  FileName name{.kind = kind, .period = period_of(kind, stamp)};
  const auto found = [&]() -> Result<HistoryFilePtr> {
    const MutexLock lock(mutex_);
    for (const HistoryFilePtr& file : files_) {
      if (file->name.kind != kind || file->name.period != name.period) continue;
      if (auto done = attach(*file, true); !done) continue;
      ++file->users;
      file->used = ++uses_;
      return file;
    }
    // One of this name that cannot be used is left alone.
    std::error_code error;
    while (fs::exists(options_.directory + "/" + format_file_name(name), error)) ++name.turn;
    return make(name);
  }();
  if (!found) return std::unexpected(found.error());
  return Lease(*this, {*found});
}

void Catalogue::set_writing(const HistoryFilePtr& file, bool writing) {
  const MutexLock lock(mutex_);
  file->writing = writing;
}

void Catalogue::grown(const HistoryFilePtr& file, const std::array<TimeRange, kRecordKinds>& more,
                      std::uint64_t source) {
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < more.size(); ++i) file->ranges.at(i).add(more.at(i));
  if (source != 0) file->sources.insert(source);
  measure_locked(*file);
}

void Catalogue::measure_locked(HistoryFile& file) {
  file.bytes = size_of(file.path) + size_of(file.path + ".wal");
  file.modified = std::max(modified_time(file.path), modified_time(file.path + ".wal"));
}

void Catalogue::measure(const HistoryFilePtr& file) {
  const MutexLock lock(mutex_);
  measure_locked(*file);
}

// The limit that there is: whoever sets it has the allocator let go of what is free,
// which otherwise waits for the next time that somebody needs memory.
void Catalogue::let_go() {
  const MutexLock lock(mutex_);
  (void)session_->run(fmt::format("SET memory_limit = '{}B'", buffers_));
}

void Catalogue::remove(const HistoryFilePtr& file) {
  const MutexLock lock(mutex_);
  std::erase(files_, file);
  if (file->name.kind == FileKind::kRaw) names_.forget(file->name.sequence);
  if (file->users == 0) detach(*file);
  std::error_code error;
  fs::remove(file->path, error);
  fs::remove(file->path + ".wal", error);
}

}  // namespace netprobe::duck
