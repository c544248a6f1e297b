// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "query/sql.h"
#include "store/duckdb/raw_layout.h"
#include "store/duckdb/tables.h"

namespace netprobe::duck {
namespace {

constexpr std::array kSums{FileKind::kEvents, FileKind::kMinute, FileKind::kHour};

// Rows that are grouped at once, about: all of a file's may not fit into the memory.
constexpr std::int64_t kRowsSummed = 32'768;

constexpr Micros bucket_of(FileKind kind) {
  return kind == FileKind::kHour ? kHistoryHour : kHistoryHour / 60;
}

bool is_summed(const FileView& raw) {
  return std::ranges::all_of(
      kSums, [&](FileKind kind) { return raw.summed.at(static_cast<std::size_t>(kind)); });
}

}  // namespace

Status Keeper::work(const std::function<bool()>& go_on, const Turn& in_turn) {
  Status result;
  for (const FileView& raw : catalogue_.files()) {
    if (raw.name.kind != FileKind::kRaw || raw.writing) continue;
    for (const FileKind kind : kSums) {
      if (!go_on()) return result;
      if (raw.summed.at(static_cast<std::size_t>(kind))) continue;
      Status done;
      if (!in_turn([&] { done = sum_up(raw, kind, go_on); })) return result;
      if (!done) result = done;
    }
  }
  if (!go_on()) return result;
  remove_old();
  remove_much();
  return result;
}

// One transaction: the sums, and that this file is in them. Whatever ends the process,
// both are there or neither.
Status Keeper::sum_up(const FileView& raw, FileKind kind, const std::function<bool()>& go_on) {
  if (!session_) {
    auto session = Session::open(catalogue_.instance());
    if (!session) return std::unexpected(session.error());
    session_ = std::move(*session);
  }
  has_worked_ = true;
  const std::string name = format_file_name(raw.name);
  std::vector<std::string> problems;
  Lease from = catalogue_.lease({raw.file}, problems);
  if (from.files().empty()) return fail(problems.empty() ? name : problems.front());
  auto to = catalogue_.target(kind, raw.name.period);
  if (!to) return std::unexpected(to.error());
  const HistoryFilePtr target = to->files().front();
  const HistoryFile& file = *from.files().front();
  auto done = session_->run("BEGIN");
  if (done) done = insert(raw, kind, file, *target, go_on);
  if (done)
    done = session_->run(
        fmt::format("INSERT INTO {}.main.sources VALUES ({})", target->alias, raw.name.sequence));
  const auto moment = [&](std::string_view what) {
    if (done && options_.at_moment) options_.at_moment(fmt::format("{} {}", to_string(kind), what));
  };
  moment("inserted");
  if (done) done = session_->run("COMMIT");
  moment("committed");
  if (!done) {
    (void)session_->run("ROLLBACK");
    return fail(fmt::format("{} could not be summed up into {}: {}", name,
                            format_file_name(target->name), done.error().message),
                done.error().kind);
  }
  std::array<TimeRange, kRecordKinds> ranges{};
  for (const FileTable& table : file_tables(kind)) {
    const auto of = static_cast<std::size_t>(table.kind);
    ranges.at(of) = raw.ranges.at(of);
    if (kind == FileKind::kEvents || ranges.at(of).rows == 0) continue;
    TimeRange& range = ranges.at(of);
    range.oldest -= range.oldest % bucket_of(kind);
    range.newest -= range.newest % bucket_of(kind);
    const auto rows =
        session_->value(fmt::format("SELECT count(*) FROM {}.main.{} WHERE source = {}",
                                    target->alias, table.name, raw.name.sequence));
    if (rows && std::holds_alternative<std::int64_t>(*rows))
      range.rows = static_cast<std::uint64_t>(std::get<std::int64_t>(*rows));
  }
  catalogue_.grown(target, ranges, raw.name.sequence);
  auto checked = session_->run("CHECKPOINT " + target->alias);
  catalogue_.measure(target);
  to->release();
  catalogue_.put_away(target);
  from.release();
  catalogue_.put_away(raw.file);
  return checked;
}

Status Keeper::insert(const FileView& raw, FileKind kind, const HistoryFile& file,
                      const HistoryFile& target, const std::function<bool()>& go_on) {
  RawSource source{.database = file.alias, .schema = file.schema};
  Names::Use names;
  const auto step = [&](const FileTable& table, const std::string& select) -> Status {
    const auto rows = session_->query(
        fmt::format("INSERT INTO {}.main.{} SELECT {}, {}::UBIGINT FROM ({})", target.alias,
                    table.name, column_list(table.columns), raw.name.sequence, select),
        go_on);
    if (!rows) return std::unexpected(rows.error());
    return {};
  };
  for (const FileTable& table : file_tables(kind)) {
    if (file.schema >= kRawSchema) {
      auto use =
          catalogue_.names().use(*session_, {.sequence = raw.name.sequence, .database = file.alias},
                                 name_columns(table.columns));
      if (!use) return std::unexpected(use.error());
      names = std::move(*use);
      source.names = names.number();
    }
    if (kind == FileKind::kEvents) {
      auto done = step(table, raw_rows_sql(table.kind, source));
      if (!done) return done;
      continue;
    }
    const auto bounds = stretches(file.alias + ".main.flows", bucket_of(kind), go_on);
    if (!bounds) return std::unexpected(bounds.error());
    for (std::size_t i = 0; i + 1 < bounds->size(); ++i) {
      auto done =
          step(table, raw_sums_sql(source, bucket_of(kind), (*bounds)[i], (*bounds)[i + 1]));
      if (!done) return done;
    }
  }
  return {};
}

Result<std::vector<Micros>> Keeper::stretches(const std::string& flows, Micros bucket,
                                              const std::function<bool()>& go_on) {
  auto rows =
      session_->query(fmt::format("SELECT {} AS bucket, count(*) FROM {} GROUP BY 1 ORDER BY 1",
                                  fmt::format("(time - time % {})", bucket), flows),
                      go_on);
  if (!rows) return std::unexpected(rows.error());
  std::vector<Micros> bounds;
  std::int64_t sum = 0;
  Micros end = 0;
  while (rows->next()) {
    for (std::size_t i = 0; i < rows->size(); ++i) {
      const auto begin = std::get<std::int64_t>(rows->value(0, i));
      const auto count = std::get<std::int64_t>(rows->value(1, i));
      if (bounds.empty() || sum + count > kRowsSummed) {
        bounds.push_back(begin);
        sum = 0;
      }
      sum += count;
      end = begin + bucket;
    }
  }
  if (!bounds.empty()) bounds.push_back(end);
  return bounds;
}

void Keeper::remove(const FileView& view) {
  rows_removed_ += view.file->rows();
  catalogue_.remove(view.file);
}

void Keeper::remove_old() {
  const Micros now = clock_.wall() / kMicrosecond;
  const auto keep = [&](FileKind kind) {
    switch (kind) {
      case FileKind::kRaw:
        return options_.keep_raw;
      case FileKind::kMinute:
        return options_.keep_minute;
      case FileKind::kHour:
        return options_.keep_hour;
      case FileKind::kEvents:
        return options_.keep_events;
    }
    return options_.keep_raw;
  };
  for (const FileView& view : catalogue_.files()) {
    if (view.writing || view.newest >= now - keep(view.name.kind)) continue;
    // What cannot be summed up (a full disk) waits, but not for ever.
    if (view.name.kind == FileKind::kRaw && !is_summed(view) &&
        view.newest >= now - 2 * options_.keep_raw)
      continue;
    remove(view);
  }
}

// Raw files first, since their sums stay; then whatever is oldest.
void Keeper::remove_much() {
  for (;;) {
    const auto files = catalogue_.files();
    std::uint64_t bytes = 0;
    const FileView* victim = nullptr;
    for (const FileView& view : files) {
      bytes += view.bytes;
      if (view.writing) continue;
      const bool raw = view.name.kind == FileKind::kRaw;
      const bool victim_raw = victim != nullptr && victim->name.kind == FileKind::kRaw;
      if (victim == nullptr || (raw && !victim_raw) ||
          (raw == victim_raw &&
           (raw ? view.name.sequence < victim->name.sequence : view.newest < victim->newest)))
        victim = &view;
    }
    if (bytes <= options_.max_bytes || victim == nullptr) return;
    remove(*victim);
  }
}

}  // namespace netprobe::duck
