// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "query/tier.h"
#include "store/duckdb/raw_layout.h"
#include "store/duckdb/sources.h"

namespace netprobe::duck {
namespace {

using Kind = QueryFailure::Kind;

// Records are looked for in stretches of time that grow, newest first: a page that
// the last minute fills reads nothing else, and one that nothing fills reads all a
// few times a minute's cost later.
constexpr Micros kFirstStretch = 60'000'000;
constexpr Micros kStretchGrowth = 8;

TimeRange range_of(const std::vector<FileView>& files, RecordKind kind) {
  TimeRange range;
  for (const FileView& file : files) range.add(file.ranges.at(static_cast<std::size_t>(kind)));
  return range;
}

/// All statements see the same, as long as this lives: rows, and what their numbers mean.
class Snapshot {
 public:
  explicit Snapshot(Session& session) : session_(session) { (void)session.run("BEGIN"); }
  ~Snapshot() { (void)session_.run("ROLLBACK"); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  Session& session_;
};

std::unexpected<QueryFailure> refuse(Kind kind, std::string message) {
  return std::unexpected(QueryFailure{kind, std::move(message)});
}

}  // namespace

QueryFailure Reader::failure(const Run& run, const Error& error) const {
  if (error.kind == ErrorKind::kBusy) {
    if (*run.request.cancelled) return {Kind::kCancelled, "the query was cancelled"};
    return {Kind::kTooBroad,
            fmt::format("the query took longer than {} s; ask for less time, or raise its limit",
                        run.request.limits.time / 1'000'000)};
  }
  if (error.kind == ErrorKind::kNoPermission) {
    return {Kind::kTooBroad,
            "the query needs more memory than history may take; ask for less time, group by less, "
            "or raise the limit"};
  }
  return {Kind::kFailed, "history cannot answer: " + error.message};
}

std::expected<Reader::Run, QueryFailure> Reader::prepare(const QueryRequest& request,
                                                         Nanos deadline,
                                                         const std::function<bool()>& stopping) {
  if (!session_) {
    auto session = Session::open(catalogue_.instance());
    if (!session) return refuse(Kind::kFailed, session.error().message);
    session_ = std::move(*session);
  }
  auto after = read_record_cursor(request.cursor);
  if (!after) return std::unexpected(after.error());
  Run run{.request = request,
          .query = request.query,
          .go_on =
              [this, &request, stopping, deadline] {
                return !*request.cancelled && clock_.monotonic() < deadline && !stopping();
              },
          .after = *after};
  const auto all = catalogue_.files();
  const Micros now = clock_.wall() / kMicrosecond;
  const auto tiers = tier_ranges(run.query.kind, all);
  const Tier tier = run.query.is_aggregate() && run.query.kind == RecordKind::kFlow
                        ? choose_tier(run.query, now, tiers)
                        : Tier::kRaw;
  run.tier = *std::ranges::find(tiers, tier, &TierRange::tier);
  if (needs_range(run.query)) give_range(run.query, run.tier.since.value_or(now), now);
  run.files = all;
  return run;
}

std::expected<Reader::Chosen, QueryFailure> Reader::choose(Run& run, const Query& query) {
  const Query whole = in_whole_buckets(query, run.tier.bucket);
  for (bool again = true;; again = false) {
    Chosen chosen{.files =
                      files_for(query.kind, run.tier.tier, run.files, whole.since, whole.until)};
    std::vector<HistoryFilePtr> wanted;
    std::uint64_t rows = run.rows_read;
    for (const FileView& file : chosen.files) {
      wanted.push_back(file.file);
      rows += file.ranges.at(static_cast<std::size_t>(query.kind)).rows;
    }
    if (rows > run.request.limits.rows_read) {
      return refuse(Kind::kTooBroad,
                    fmt::format("the query would read {} rows, and may read {}; ask for less "
                                "time, or raise its limit",
                                rows, run.request.limits.rows_read));
    }
    std::vector<std::string> problems;
    chosen.lease = catalogue_.lease(wanted, problems);
    if (!problems.empty() && again) {
      // A raw file may have been summed up and removed since we looked.
      run.files = catalogue_.files();
      continue;
    }
    run.rows_read = rows;
    std::ranges::move(problems, std::back_inserter(run.problems));
    std::erase_if(chosen.files, [&](const FileView& file) {
      return std::ranges::find(chosen.lease.files(), file.file) == chosen.lease.files().end();
    });
    return chosen;
  }
}

Result<std::vector<Names::Use>> Reader::use_names(std::vector<FileView>& files,
                                                  const RawFilter& filter, NameColumns columns) {
  std::vector<Names::Use> uses;
  Names& names = catalogue_.names();
  const std::string of_names = filter.of_names();
  for (auto file = files.begin(); file != files.end();) {
    const bool numbers = file->name.kind == FileKind::kRaw && file->file->schema >= kRawSchema;
    const Names::File raw{
        .sequence = file->name.sequence, .database = file->file->alias, .writing = file->writing};
    if (!numbers) {
      file->where = of_names;
    } else if (!filter.empty()) {
      auto lists = names.lists(*session_, raw, filter.columns());
      if (!lists) return std::unexpected(lists.error());
      auto where = filter.of_numbers(*lists, names, uses);
      if (!where) {
        file = files.erase(file);
        continue;
      }
      file->where = std::move(*where);
    }
    if (numbers && columns.any()) {
      auto use = names.use(*session_, raw, columns);
      if (!use) return std::unexpected(use.error());
      file->names = use->number();
      uses.push_back(std::move(*use));
    }
    ++file;
  }
  return uses;
}

std::expected<void, QueryFailure> Reader::read(Run& run, const Query& query, std::size_t rows,
                                               const std::optional<RecordCursor>& after,
                                               SqlStatement& statement, QueryAnswer& answer) {
  auto chosen = choose(run, query);
  if (!chosen) return std::unexpected(chosen.error());
  auto& [lease, files] = *chosen;
  const RawFilter filter(query.filter, query.kind);
  Query around = query;
  around.filter = filter.rest();
  const auto statement_from = [&](const std::string& from) {
    return to_sql(around, SqlDialect::kDuckDb, run.tier.tier, from, rows, after);
  };
  auto sql = statement_from("");
  if (!sql) return std::unexpected(sql.error());
  const Snapshot snapshot(*session_);
  const auto names =
      use_names(files, filter, name_columns(used_columns(query.kind, run.tier.tier, sql->text)));
  if (!names) return std::unexpected(failure(run, names.error()));
  sql = statement_from(from_sql(query.kind, run.tier.tier, files, run.files, sql->text));
  if (!sql) return std::unexpected(sql.error());
  statement = std::move(*sql);
  auto found = session_->query(statement.text, run.go_on);
  if (!found) return std::unexpected(failure(run, found.error()));
  const std::size_t columns = found->columns();
  while (found->next()) {
    for (std::size_t row = 0; row < found->size(); ++row) {
      auto& values = answer.rows.emplace_back();
      values.reserve(columns);
      for (std::size_t column = 0; column < columns; ++column)
        values.push_back(found->value(column, row));
    }
  }
  return {};
}

std::expected<void, QueryFailure> Reader::groups(Run& run, SqlStatement& statement,
                                                 QueryAnswer& answer) {
  return read(run, run.query, run.request.limits.rows, std::nullopt, statement, answer);
}

std::expected<void, QueryFailure> Reader::records(Run& run, SqlStatement& statement,
                                                  QueryAnswer& answer) {
  // Another order than newest first needs them all.
  if (!run.query.order.empty())
    return read(run, run.query, run.request.limits.rows, run.after, statement, answer);
  const std::size_t wanted = row_bound(run.query, run.request.limits.rows) + 1;
  const auto files =
      files_for(run.query.kind, Tier::kRaw, run.files, run.query.since, run.query.until);
  const TimeRange range = range_of(files, run.query.kind);
  Query part = run.query;
  Micros until = range.newest + 1;
  if (part.until) until = std::min(until, *part.until);
  if (run.after) until = std::min(until, run.after->time + 1);
  const Micros oldest = std::max(range.oldest, part.since.value_or(range.oldest));
  std::optional<RecordCursor> after = run.after;
  Micros stretch = kFirstStretch;
  do {
    const bool last = range.rows == 0 || until - stretch <= oldest;
    part.until = until;
    part.since = last ? run.query.since : std::optional(until - stretch);
    auto done = read(run, part, wanted - answer.rows.size() - 1, after, statement, answer);
    if (!done) return done;
    if (last || answer.rows.size() >= wanted) return {};
    after.reset();  // what it passes over was all in the first stretch
    until -= stretch;
    stretch *= kStretchGrowth;
  } while (true);
}

Reader::Answer Reader::answer(const QueryRequest& request, Nanos deadline,
                              const std::function<bool()>& stopping) {
  const Nanos begin = clock_.monotonic();
  auto run = prepare(request, deadline, stopping);
  if (!run) return std::unexpected(run.error());
  QueryAnswer result;
  SqlStatement statement;
  auto done = run->query.is_aggregate() ? groups(*run, statement, result)
                                        : records(*run, statement, result);
  if (!done) return std::unexpected(done.error());
  finish_answer(run->query, statement, request.limits.rows, run->after, result);
  describe_tier(run->query, run->tier, result);
  result.rows_read = run->rows_read;
  for (std::string& problem : run->problems) result.warnings.push_back(std::move(problem));
  std::ranges::sort(result.warnings);
  const auto again = std::ranges::unique(result.warnings);
  result.warnings.erase(again.begin(), again.end());
  for (const BadFile& bad : catalogue_.bad_files())
    if (!bad.foreign)
      result.warnings.push_back(fmt::format("{} is left out: {}", bad.name, bad.why));
  result.took = (clock_.monotonic() - begin) / kMicrosecond;
  return result;
}

}  // namespace netprobe::duck
