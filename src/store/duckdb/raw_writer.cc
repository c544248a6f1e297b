// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/raw_writer.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "store/duckdb/raw_table.h"
#include "store/duckdb/tables.h"

namespace netprobe::duck {
namespace {

template <typename Record>
Status append_records(Session& session, const std::string& database, RecordKind kind,
                      std::span<const HistoryBatchPtr> batches,
                      std::vector<Record> HistoryBatch::* records, Dictionary& dictionary,
                      TimeRange& range) {
  std::unique_ptr<RawTable> table;
  for (const HistoryBatchPtr& batch : batches) {
    for (const Record& record : (*batch).*records) {
      if (!table) {
        auto opened = RawTable::open(session, database, kind, dictionary);
        if (!opened) return std::unexpected(opened.error());
        table = std::move(*opened);
      }
      write_record(*table, record, batch->node);
      range.add(record.time);
      if (auto done = table->finish_row(); !done) return done;
    }
  }
  return table ? table->close() : Status{};
}

/// Appended as the rest is: an INSERT would have half of the library's code in memory,
/// with each commit of a node that has little to tell.
Status append_ids(Session& session, const std::string& database,
                  std::span<const HistoryBatchPtr> batches) {
  constexpr std::array kColumns{TableColumn{"id", ColumnType::kText}};
  auto table = TableAppender::open(session, database, "batches", kColumns);
  if (!table) return std::unexpected(table.error());
  for (const HistoryBatchPtr& batch : batches) {
    (*table)->text(batch->id);
    if (auto done = (*table)->finish_row(); !done) return done;
  }
  return (*table)->close();
}

}  // namespace

Status RawWriter::write(std::span<const HistoryBatchPtr> batches) {
  fatal_ = false;
  std::vector<HistoryBatchPtr> left(batches.begin(), batches.end());
  if (auto done = ready(); !done) return done;
  if (in_doubt_) {
    for (auto batch = left.begin(); batch != left.end();) {
      const auto there = has((*batch)->id);
      if (!there) return std::unexpected(there.error());
      batch = *there ? left.erase(batch) : batch + 1;
    }
    in_doubt_ = false;
    if (left.empty()) return {};
  }
  auto done = append(left);
  if (!done) {
    note(done.error());
    return done;
  }
  if (unchecked_ >= kRowGroupRows) checkpoint();
  rotate(false);
  return {};
}

Status RawWriter::ready() {
  if (!session_) {
    auto session = Session::open(catalogue_.instance());
    if (!session) return std::unexpected(session.error());
    session_ = std::move(*session);
  }
  if (!lease_.files().empty()) return know();
  auto made = catalogue_.create_raw();
  if (!made) {
    note(made.error());
    return std::unexpected(made.error());
  }
  lease_ = std::move(*made);
  begin();
  return know();
}

Status RawWriter::know() {
  if (is_known_) return {};
  auto loaded = dictionary_.load(*session_, alias());
  is_known_ = loaded.has_value();
  return loaded;
}

void RawWriter::begin() {
  opened_ = clock_.monotonic();
  unchecked_ = 0;
  is_known_ = false;
  catalogue_.set_writing(lease_.files().front(), true);
}

// The file that an earlier process left goes on, so that many short lives do not
// leave as many files. Its age begins anew: how long it was written to is not known
// where the clock may have stepped.
void RawWriter::adopt() {
  HistoryFilePtr last;
  std::uint64_t bytes = 0;
  bool summed = false;
  for (const FileView& view : catalogue_.files()) {
    if (view.name.kind != FileKind::kRaw) continue;
    if (last && view.name.sequence < last->name.sequence) continue;
    last = view.file;
    bytes = view.bytes;
    summed = view.summed != decltype(view.summed){};
  }
  // What is summed up already was closed.
  const Micros age = clock_.wall() / kMicrosecond - (last ? last->modified : 0);
  if (!last || last->schema != kRawSchema || summed || bytes >= options_.raw_bytes || age < 0 ||
      age > options_.raw_age)
    return;
  if (!catalogue_.reopen(last)) return;
  std::vector<std::string> problems;
  lease_ = catalogue_.lease({last}, problems);
  if (!lease_.files().empty()) {
    begin();
    in_doubt_ = true;
  }
}

Status RawWriter::append(std::span<const HistoryBatchPtr> batches) {
  std::array<TimeRange, kRecordKinds> ranges{};
  const auto range = [&](RecordKind kind) -> TimeRange& {
    return ranges.at(static_cast<std::size_t>(kind));
  };
  if (auto done = session_->run("BEGIN"); !done) return done;
  const auto rows = [&]() -> Status {
    const std::string& to = alias();
    const auto add = [&](RecordKind kind, auto records) {
      return append_records(*session_, to, kind, batches, records, dictionary_, range(kind));
    };
    auto done = add(RecordKind::kFlow, &HistoryBatch::flows);
    if (done) done = add(RecordKind::kDrop, &HistoryBatch::drops);
    if (done) done = add(RecordKind::kConnection, &HistoryBatch::connections);
    if (done) done = add(RecordKind::kAlert, &HistoryBatch::alerts);
    if (done) done = dictionary_.append_new(*session_, to);
    if (!done) return done;
    return append_ids(*session_, to, batches);
  };
  if (auto done = rows(); !done) {
    is_known_ = false;
    (void)session_->run("ROLLBACK");
    return done;
  }
  if (auto done = session_->run("COMMIT"); !done) {
    // It may be on the disk, where only what followed has failed.
    in_doubt_ = true;
    is_known_ = false;
    (void)session_->run("ROLLBACK");
    return done;
  }
  // Whole row groups went into the file; of drops and connections come few at a time,
  // and each checkpoint compresses the last row group of theirs again.
  for (const TimeRange& one : ranges)
    unchecked_ += one.rows >= kRowGroupRows ? one.rows % kRowGroupRows : one.rows;
  catalogue_.grown(lease_.files().front(), ranges, 0);
  return {};
}

Result<bool> RawWriter::has(const std::string& batch) {
  const auto count = session_->value(fmt::format(
      "SELECT count(*) FROM {}.main.batches WHERE id = {}", alias(), quote_text(batch)));
  if (!count) return std::unexpected(count.error());
  return std::get<std::int64_t>(*count) > 0;
}

void RawWriter::note(const Error& error) { fatal_ = fatal_ || duck::is_fatal(error); }

// By rows, so that what is compressed together is a row group nearly full.
void RawWriter::checkpoint() {
  unchecked_ = 0;
  // What fails here is in the log still, and is tried again.
  if (auto done = session_->run("CHECKPOINT " + alias()); !done) note(done.error());
  catalogue_.measure(lease_.files().front());
}

void RawWriter::rotate(bool always) {
  if (lease_.files().empty()) return;
  const HistoryFilePtr& file = lease_.files().front();
  const Micros age = (clock_.monotonic() - opened_) / kMicrosecond;
  if (!always && age < options_.raw_age && file->bytes < options_.raw_bytes &&
      !dictionary_.is_full())
    return;
  if (file->rows() == 0 && !always) return;
  checkpoint();
  const HistoryFilePtr closed = file;
  catalogue_.set_writing(closed, false);
  lease_.release();
  catalogue_.put_away(closed);
}

}  // namespace netprobe::duck
