// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/query_pool.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <random>
#include <sstream>

#include "base/log.h"
#include "query/sql.h"
#include "query/tier.h"
#include "store/clickhouse/native_block.h"
#include "store/clickhouse/record_pages.h"

namespace netprobe {
namespace {

constexpr std::size_t kThreads = 2;
constexpr std::size_t kMostWaiting = 64;
constexpr Nanos kLookEvery = 60 * kSecond;
constexpr Nanos kIdleLookEvery = 5 * kSecond;  // and finds that it has, mostly
constexpr Nanos kGrace = 5 * kSecond;          // for the server to end what it is to end itself
constexpr std::size_t kMostAnswer = 256U << 20U;

using Kind = QueryFailure::Kind;

std::unexpected<QueryFailure> refuse(Kind kind, std::string message) {
  return std::unexpected(QueryFailure{kind, std::move(message)});
}

/// A number of its own for each start, so that nobody ends another's query.
std::string random_name() {
  std::random_device random;
  return "netprobe-query:" + std::to_string(::getpid()) + ":" + std::to_string(random());
}

QueryFailure failure_of(const ClickHouseReply& reply, const QueryLimits& limits) {
  // dbms/src/Common/ErrorCodes.cpp.
  constexpr int kTooManyRows = 158;
  constexpr int kTimeout = 159;
  constexpr int kTooSlow = 160;
  constexpr int kMemory = 241;
  constexpr int kTooManyBytes = 307;
  constexpr int kQueryCancelled = 394;
  constexpr int kTooMany = 396;
  constexpr int kNoTable = 60;
  constexpr int kNoDatabase = 81;
  using enum ClickHouseReply::Failure;
  switch (reply.failure) {
    case kCancelled:
      return {Kind::kCancelled, "the query was cancelled"};
    case kTooLong:
      return {Kind::kTooBroad, "the answer is too large; ask for fewer rows or fields"};
    case kUnreachable:
      return {Kind::kNoStore, reply.error};
    case kBroken:
      return {Kind::kNoStore, reply.error};
    case kNone:
      break;
  }
  switch (reply.code) {
    case kTooManyRows:
    case kTooManyBytes:
    case kTooMany:
      return {Kind::kTooBroad, "the query would read more than " +
                                   std::to_string(limits.rows_read) +
                                   " rows; narrow its time range, or raise the limit"};
    case kTimeout:
    case kTooSlow:
      return {Kind::kTooBroad, "the query takes longer than " +
                                   std::to_string(limits.time / 1'000'000) +
                                   " s; narrow its time range, or raise the limit"};
    case kMemory:
      return {Kind::kTooBroad,
              "the query needs more memory than one may have; group by fewer fields, or narrow its"
              " time range"};
    case kQueryCancelled:
      return {Kind::kCancelled, "the query was cancelled"};
    case kNoTable:
    case kNoDatabase:
      return {Kind::kNoStore, "ClickHouse has no tables of history yet; ask again in a moment"};
    default:
      return {Kind::kFailed, reply.error};
  }
}

std::int64_t number_of(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

ClickHouseQueryPool::ClickHouseQueryPool(const ClickHouseOptions& options)
    : options_(options), name_(random_name()) {
  for (std::size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { work(); });
}

ClickHouseQueryPool::~ClickHouseQueryPool() { stop(); }

void ClickHouseQueryPool::query(QueryRequest request, QueryDone done) {
  {
    const MutexLock lock(mutex_);
    if (!stopping_ && jobs_.size() < kMostWaiting) {
      ++counts_.queries;
      jobs_.push_back({std::move(request), std::move(done)});
      wake_.notify_one();
      return;
    }
    ++counts_.failed;
  }
  done(refuse(Kind::kNoStore, stopping_ ? "the agent is stopping"
                                        : "too many queries are waiting; ask again later"));
}

void ClickHouseQueryPool::stop() {
  std::deque<Job> left;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    left.swap(jobs_);
    wake_.notify_all();
  }
  for (auto& job : left) job.done(refuse(Kind::kNoStore, "the agent is stopping"));
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

ClickHouseQueryPool::Counts ClickHouseQueryPool::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

void ClickHouseQueryPool::work() {
  ClickHouseHttp http(options_);
  while (!stopping_) {
    std::optional<Job> job;
    {
      const MutexLock lock(mutex_);
      if (jobs_.empty() && !stopping_) wake_.wait_for(mutex_, std::chrono::seconds(1));
      if (stopping_) return;
      if (!jobs_.empty()) {
        job.emplace(std::move(jobs_.front()));
        jobs_.pop_front();
      }
    }
    if (!job) {
      if (idle_turn()) (void)kept(http);
      continue;
    }
    const Nanos begin = clock_.monotonic();
    auto answered = answer(http, job->request);
    if (answered) answered->took = (clock_.monotonic() - begin) / kMicrosecond;
    if (!answered) {
      const MutexLock lock(mutex_);
      ++counts_.failed;
    }
    job->done(std::move(answered));
  }
}

bool ClickHouseQueryPool::idle_turn() {
  const MutexLock lock(mutex_);
  const Nanos now = clock_.monotonic();
  if (idle_look_at_ != 0 && now - idle_look_at_ < kIdleLookEvery) return false;
  idle_look_at_ = now;
  return true;
}

std::expected<QueryAnswer, QueryFailure> ClickHouseQueryPool::answer(ClickHouseHttp& http,
                                                                     const QueryRequest& request) {
  const Query& query = request.query;
  if (*request.cancelled) return refuse(Kind::kCancelled, "the query was cancelled");
  std::optional<RecordCursor> after;
  if (!request.cursor.empty()) {
    after = parse_record_cursor(request.cursor);
    if (!after) return refuse(Kind::kBadQuery, "the cursor is none that this agent gave out");
  }
  const auto has = kept(http);
  if (!has) return refuse(Kind::kNoStore, has.error().message);
  QueryAnswer answer;
  answer.tier = choose_tier(query, clock_.wall() / kMicrosecond, has->tiers);
  answer.resolution = bucket_of(answer.tier);
  const Query range = in_whole_buckets(query, answer.resolution);
  answer.since = range.since;
  answer.until = range.until;
  answer.exact = range.since == query.since && range.until == query.until;
  answer.kept_since = has->oldest[static_cast<std::size_t>(query.kind)];
  for (const auto& tier : has->tiers)
    if (tier.tier == answer.tier && query.kind == RecordKind::kFlow) answer.kept_since = tier.since;
  const ClickHouseTables tables(options_, has->version);
  const AskRows ask = [&](const std::string& sql, const std::vector<Column>& columns,
                          std::size_t most) -> std::expected<ClickHouseRows, QueryFailure> {
    const auto bytes = fetch(http, sql + " FORMAT Native", request);
    if (!bytes) return std::unexpected(bytes.error());
    auto rows = decode_native(*bytes, columns, most);
    if (!rows) return refuse(Kind::kFailed, rows.error().message);
    return std::move(*rows);
  };
  const std::size_t most = request.limits.rows;
  const std::string from = tables.from(query.kind, answer.tier, range.since, range.until);
  const RecordPage page{.query = query,
                        .from = from,
                        .slot = slot_of(query.kind),
                        .now = clock_.wall() / kMicrosecond,
                        .rows = most,
                        .after = after};
  if (is_short_page(page)) {
    auto read = read_page(page, ask);
    if (!read) return std::unexpected(read.error());
    answer.rows = std::move(read->rows);
    finish_answer(query, read->statement, most, after, answer);
    return answer;
  }
  const auto statement = to_sql(query, SqlDialect::kClickHouse, answer.tier, from, most, after);
  if (!statement) return std::unexpected(statement.error());
  auto rows =
      ask(tables.with_slots(statement->text, query.kind, answer.tier, range.since, range.until),
          statement->columns, most + 1);
  if (!rows) return std::unexpected(rows.error());
  answer.rows = std::move(*rows);
  finish_answer(query, *statement, most, after, answer);
  return answer;
}

std::expected<std::string, QueryFailure> ClickHouseQueryPool::fetch(ClickHouseHttp& http,
                                                                    const std::string& sql,
                                                                    const QueryRequest& request) {
  std::string id = name_ + ":";
  HttpParams params;
  {
    const MutexLock lock(mutex_);
    id += std::to_string(++last_id_);
    params = query_settings(kept_.version);
  }
  const auto& limits = request.limits;
  const Nanos time = limits.time * kMicrosecond;
  params.emplace_back("query_id", id);
  params.emplace_back("max_execution_time", std::to_string((time + kSecond - 1) / kSecond));
  params.emplace_back("max_rows_to_read", std::to_string(limits.rows_read));
  params.emplace_back("read_overflow_mode", "throw");
  params.emplace_back("max_memory_usage", std::to_string(options_.query_memory));
  params.emplace_back("max_query_size", "4194304");
  params.emplace_back("max_ast_elements", "500000");
  params.emplace_back("max_expanded_ast_elements", "1000000");
  // The whole answer before its first byte: an error then has a status of its own.
  params.emplace_back("wait_end_of_query", "1");
  const auto reply = http.ask({.sql = sql,
                               .params = std::move(params),
                               .timeout = time + kGrace,
                               .most = kMostAnswer,
                               .cancelled = [&] { return stopping_ || *request.cancelled; }});
  if (reply.ok()) return reply.body;
  // It runs on there without us.
  if (reply.failure != ClickHouseReply::Failure::kNone &&
      reply.failure != ClickHouseReply::Failure::kUnreachable)
    kill(http, id);
  return std::unexpected(failure_of(reply, limits));
}

void ClickHouseQueryPool::kill(ClickHouseHttp& http, const std::string& query_id) {
  const Nanos brief = 2 * kSecond;
  (void)http.ask({.sql = "KILL QUERY WHERE query_id = " +
                         sql_literal(SqlDialect::kClickHouse, query_id) + " ASYNC",
                  .timeout = brief});
}

Result<std::string> ClickHouseQueryPool::ask(ClickHouseHttp& http, const std::string& sql) {
  auto reply = http.ask({.sql = sql, .timeout = options_.ask_timeout, .cancelled = [this] {
                           return stopping_.load();
                         }});
  if (!reply.ok()) return fail(reply.error);
  while (reply.body.ends_with('\n')) reply.body.pop_back();
  return std::move(reply.body);
}

Result<ClickHouseQueryPool::Kept> ClickHouseQueryPool::kept(ClickHouseHttp& http) {
  {
    const MutexLock lock(mutex_);
    const Nanos now = clock_.monotonic();
    const bool fresh = looked_at_ != 0 && now - looked_at_ < kLookEvery;
    if (fresh && !kept_.tiers.empty()) return kept_;
    // One looks; the others go on with what was.
    looked_at_ = now;
  }
  auto now = look(http);
  const MutexLock lock(mutex_);
  if (now) kept_ = *now;
  // Away, or a tier has nothing yet, as its view is still at work on the first records:
  // asked again the next time.
  const auto is_empty = [](const TierRange& tier) { return !tier.since; };
  if (!now || std::ranges::any_of(now->tiers, is_empty)) looked_at_ = 0;
  return now;
}

Result<ClickHouseQueryPool::Kept> ClickHouseQueryPool::look(ClickHouseHttp& http) {
  Kept kept;
  const auto version = ask(http, "SELECT version()");
  if (!version) return std::unexpected(version.error());
  kept.version = parse_clickhouse_version(*version);
  const ClickHouseTables tables(options_, kept.version);
  const auto partitions = ask(http, tables.partitions());
  if (!partitions) return std::unexpected(partitions.error());
  std::vector<std::pair<std::string, std::int64_t>> days;
  std::istringstream lines(*partitions);
  for (std::string line; std::getline(lines, line);) {
    const auto tab = line.find('\t');
    if (tab != std::string::npos)
      days.emplace_back(line.substr(0, tab), number_of(std::string_view(line).substr(tab + 1)));
  }
  if (auto removed = remove_old_days(http, tables, days); !removed)
    return std::unexpected(removed.error());
  const auto oldest = [&](RecordKind kind, Tier tier) -> Result<std::optional<Micros>> {
    std::optional<std::int64_t> first;
    for (const auto& [table, day] : days)
      if (table == table_name(kind, tier)) first = std::min(first.value_or(day), day);
    if (!first) return std::nullopt;
    const auto time = ask(http, tables.oldest(kind, tier, *first));
    if (!time) return std::unexpected(time.error());
    const Micros value = number_of(*time);
    return value == 0 ? std::nullopt : std::optional(value);
  };
  for (std::size_t i = 0; i < kRecordKinds; ++i) {
    auto since = oldest(static_cast<RecordKind>(i), Tier::kRaw);
    if (!since) return std::unexpected(since.error());
    kept.oldest[i] = *since;
  }
  kept.tiers.push_back({Tier::kRaw, 0, kept.oldest[0]});
  for (const Tier tier : {Tier::kMinute, Tier::kHour}) {
    auto since = oldest(RecordKind::kFlow, tier);
    if (!since) return std::unexpected(since.error());
    kept.tiers.push_back({tier, bucket_of(tier), *since});
  }
  const auto size = ask(http, tables.size());
  if (!size) return std::unexpected(size.error());
  const MutexLock lock(mutex_);
  counts_.oldest = kept.oldest[0];
  counts_.bytes_on_disk = static_cast<std::uint64_t>(number_of(*size));
  const auto tab = std::min(size->find('\t'), size->size() - 1);
  counts_.parts = static_cast<std::uint64_t>(number_of(std::string_view(*size).substr(tab + 1)));
  return kept;
}

Status ClickHouseQueryPool::remove_old_days(
    ClickHouseHttp& http, const ClickHouseTables& tables,
    const std::vector<std::pair<std::string, std::int64_t>>& days) {
  const auto version = ask(http, "SELECT version()");
  if (!version) return std::unexpected(version.error());
  if (has_ttl(parse_clickhouse_version(*version))) return {};
  const auto now = ask(http, "SELECT toUInt32(now())");
  if (!now) return std::unexpected(now.error());
  const Nanos server = number_of(*now) * kSecond;
  const Nanos day = kDayMicros * kMicrosecond;
  // Where the two clocks do not agree, nothing is removed that may not be old.
  const Nanos earlier = std::min(server, clock_.wall());
  for (const auto& [table, first] : days) {
    const Nanos keep = tables.keep_of(table);
    if (keep <= 0 || (first + 1) * day + keep > earlier) continue;
    // Many agents may do the same at once: a day that is gone is no error.
    const auto dropped = ask(http, tables.drop_partition(table, first));
    if (!dropped) return std::unexpected(dropped.error());
    spdlog::info("ClickHouse: removed day {} of {}", first, table);
  }
  return {};
}

}  // namespace netprobe
