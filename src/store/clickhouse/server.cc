// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/server.h"

#include "query/sql.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <sstream>

namespace netprobe {
namespace {

constexpr Nanos kCreateTimeout = 60 * kSecond;

/// Of ClickHouse: errors that the same bytes will meet each time.
/// Source: dbms/src/Common/ErrorCodes.cpp, numbers never change.
constexpr std::array kBadData{6,  7,  16, 19, 20, 26,  27,  32,  33,  38,  41,  43,
                              44, 53, 69, 70, 72, 117, 122, 130, 131, 321, 349, 354};
/// Tables, databases or their columns are not what they were.
constexpr std::array kBadTables{10, 16, 47, 60, 81};

bool any_of(const auto& codes, int code) { return std::ranges::find(codes, code) != codes.end(); }

Delivery again(std::string problem) {
  return {.outcome = Delivery::Outcome::kAgain, .problem = std::move(problem)};
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

ClickHouseServerLink::ClickHouseServerLink(const ClickHouseOptions& options,
                                           std::function<bool()> stopping)
    : options_(options),
      stopping_(std::move(stopping)),
      http_(options_),
      tables_(options_, ClickHouseVersion{}) {}

ClickHouseReply ClickHouseServerLink::ask(const std::string& sql, HttpParams params) const {
  return http_.ask({.sql = sql,
                    .params = std::move(params),
                    .timeout = options_.ask_timeout,
                    .cancelled = stopping_});
}

Result<std::uint64_t> ClickHouseServerLink::ask_number(const std::string& sql) const {
  const auto reply = ask(sql);
  if (!reply.ok()) return fail(reply.error);
  const std::string text = trimmed(reply.body);
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || text.empty())
    return fail("ClickHouse answers '" + clickhouse_error_text(text) + "' where a number belongs");
  return value;
}

Status ClickHouseServerLink::read_clock() {
  const auto now = ask_number("SELECT toUInt32(now())");
  if (!now) return std::unexpected(now.error());
  server_time_ = static_cast<std::uint32_t>(*now);
  server_time_at_ = clock_.monotonic();
  return {};
}

std::uint32_t ClickHouseServerLink::send_by() const {
  const Nanos since = clock_.monotonic() - server_time_at_ + options_.insert_timeout;
  return server_time_ + static_cast<std::uint32_t>(since / kSecond) + 1;
}

Status ClickHouseServerLink::prepare() {
  prepared_ = false;
  const auto reply = ask("SELECT version()");
  if (!reply.ok()) return fail(reply.error);
  version_ = parse_clickhouse_version(trimmed(reply.body));
  if (version_ == ClickHouseVersion{})
    return fail("what answers at the ClickHouse URL is no ClickHouse server: it says '" +
                clickhouse_error_text(reply.body) + "'");
  tables_ = ClickHouseTables(options_, version_);
  if (auto clock = read_clock(); !clock) return clock;
  if (!from_before_until_) from_before_until_ = send_by();
  if (auto tables = see_to_tables(); !tables) return tables;
  prepared_ = true;
  return {};
}

Status ClickHouseServerLink::see_to_tables() {
  const auto listed =
      ask("SELECT name FROM system.tables WHERE database = " +
          sql_literal(SqlDialect::kClickHouse, options_.database) + " FORMAT TabSeparated");
  if (!listed.ok()) return fail(listed.error);
  std::set<std::string> present;
  std::istringstream lines(listed.body);
  for (std::string line; std::getline(lines, line);) present.insert(line);
  std::uint64_t found = 0;
  if (present.contains("netprobe_schema")) {
    const auto version = ask_number(tables_.schema_version());
    if (!version) return std::unexpected(version.error());
    found = *version;
  }
  if (found > kHistorySchema)
    return fail("the ClickHouse database '" + options_.database + "' has schema " +
                std::to_string(found) + ", this agent knows " + std::to_string(kHistorySchema) +
                ": upgrade the agent, or give it a database of its own");
  const auto names = tables_.names();
  const auto missing =
      std::ranges::find_if(names, [&](const auto& name) { return !present.contains(name); });
  if (found == kHistorySchema && missing == names.end()) return {};
  if (!options_.create_tables)
    return fail("the ClickHouse database '" + options_.database + "' has no table '" +
                (missing == names.end() ? std::string("netprobe_schema") : *missing) +
                "', and the agent is not to make it: docs/clickhouse.md");
  for (const auto& sql : tables_.create()) {
    const auto made =
        http_.ask({.sql = sql, .once = true, .timeout = kCreateTimeout, .cancelled = stopping_});
    if (!made.ok()) return fail("cannot make ClickHouse's tables: " + made.error);
  }
  return {};
}

std::string ClickHouseServerLink::query_id(const InsertGroup& group, const InsertPart& part) const {
  return "netprobe:" + group.id + ":" + std::string(to_string(part.kind)) + ":" +
         std::to_string(part.day);
}

Delivery ClickHouseServerLink::deliver(InsertGroup& group) {
  Delivery all{.outcome = Delivery::Outcome::kDone};
  for (auto& part : group.parts) {
    if (part.done) continue;
    if (part.rejected) {
      all.outcome = Delivery::Outcome::kRejected;
      continue;
    }
    if (group.from_before && part.send_by == 0 && !part.over)
      part.send_by = from_before_until_.value_or(0);
    auto delivery = deliver_part(group, part);
    if (delivery.outcome == Delivery::Outcome::kAgain) return delivery;
    part.done = delivery.outcome == Delivery::Outcome::kDone;
    part.rejected = !part.done;
    if (part.rejected) all = std::move(delivery);
  }
  return all;
}

Delivery ClickHouseServerLink::deliver_part(InsertGroup& group, InsertPart& part) {
  // What may have been sent is asked for first. After an answer that says no, what
  // follows is known at once; after silence, another time.
  Presence present{.known = true, .minute = false, .hour = false};
  std::string problem;
  // Each turn brings one of three tables further: more is no progress.
  for (int turn = 0; turn < 5; ++turn) {
    if (part.send_by != 0) {
      auto looked = look_for(group, part);
      if (!looked) return again(looked.error().message);
      present = *looked;
      if (present.rows == part.rows && present.minute && present.hour)
        return {.outcome = Delivery::Outcome::kDone};
      if (!present.known)
        return again(problem.empty() ? "ClickHouse did not say whether it has taken a batch; asking"
                                     : problem);
      if (present.rows != 0 && present.rows != part.rows)
        return {.outcome = Delivery::Outcome::kRejected,
                .problem = "ClickHouse has " + std::to_string(present.rows) + " of " +
                           std::to_string(part.rows) + " rows of a batch"};
    }
    if (!problem.empty()) return again(problem);
    const bool raw = present.rows == part.rows;
    const bool flows = part.kind == RecordKind::kFlow;
    Sent sent;
    if (!raw)
      sent = send(group, part, flows && part.send_by != 0 && (present.minute || present.hour));
    else
      sent = roll_up(group, part, present.minute ? Tier::kHour : Tier::kMinute);
    if (sent.ok && !raw && part.send_by != 0 && !(flows && (present.minute || present.hour)))
      return {.outcome = Delivery::Outcome::kDone};
    if (sent.ok) continue;
    problem = sent.reply.error;
    const int code = sent.reply.code;
    if (any_of(kBadTables, code)) {
      prepared_ = false;
      return {.outcome = Delivery::Outcome::kAgain, .problem = problem, .lost_tables = true};
    }
    if (any_of(kBadData, code)) {
      auto looked = look_for(group, part);
      if (!looked || !looked->known) return again(problem);
      if (looked->rows == 0 && !looked->minute && !looked->hour)
        return {.outcome = Delivery::Outcome::kRejected, .problem = problem};
    }
    if (part.send_by == 0) return again(problem);  // it never left
  }
  return again(problem.empty() ? "ClickHouse takes batches and does not have them" : problem);
}

Result<ClickHouseServerLink::Presence> ClickHouseServerLink::look_for(const InsertGroup& group,
                                                                      const InsertPart& part) {
  Presence present;
  // The order matters: what begins after the first is refused, what began before
  // it is seen by the second or is done, and the third sees what is done.
  if (auto clock = read_clock(); !clock) return std::unexpected(clock.error());
  bool running = false;
  if (!part.over) {
    const auto processes = ask_number("SELECT count() FROM system.processes WHERE query_id = " +
                                      sql_literal(SqlDialect::kClickHouse, query_id(group, part)));
    if (!processes) return std::unexpected(processes.error());
    running = *processes != 0;
  }
  present.known = part.over || (server_time_ > part.send_by && !running);
  const auto rows = ask_number(tables_.count_rows(group, part));
  if (!rows) return std::unexpected(rows.error());
  present.rows = *rows;
  if (part.kind != RecordKind::kFlow) {
    // There are no roll-ups of it: they are no reason to send or not.
    present.minute = present.hour = present.rows == part.rows;
    return present;
  }
  const std::uint64_t number = lane_of(group).number;
  for (const Tier tier : {Tier::kMinute, Tier::kHour}) {
    const auto highest = ask_number(tables_.rolled_up(tier, group, part));
    if (!highest) return std::unexpected(highest.error());
    (tier == Tier::kMinute ? present.minute : present.hour) = *highest >= number;
  }
  return present;
}

ClickHouseServerLink::Sent ClickHouseServerLink::note(InsertPart& part,
                                                      ClickHouseReply reply) const {
  using enum ClickHouseReply::Failure;
  // A server's own refusal ends the attempt; a proxy's, or silence, does not.
  part.over = reply.failure == kUnreachable || reply.code != 0 || reply.ok();
  const bool ok = reply.ok() && trimmed(reply.body).empty();
  if (reply.ok() && !ok) {
    part.over = false;
    reply.error = "ClickHouse answers an insert with '" + clickhouse_error_text(reply.body) + "'";
  }
  return {ok, std::move(reply)};
}

ClickHouseServerLink::Sent ClickHouseServerLink::send(const InsertGroup& group, InsertPart& part,
                                                      bool raw_only) {
  const std::uint32_t before = part.send_by;
  part.send_by = send_by();
  const std::string mark = mark_block(group, part, part.send_by);
  const std::string head = gzip_head(mark);
  const std::string tail = gzip_tail(mark, part.body);
  HttpParams params =
      insert_settings(version_, query_id(group, part) + ":" + std::to_string(part.send_by) +
                                    (raw_only ? ":raw" : ""));
  params.emplace_back("query_id", query_id(group, part));
  // More than any group has: one block, which is there whole or not at all.
  params.emplace_back("max_insert_block_size", "10000000");
  params.emplace_back("min_insert_block_size_rows", "10000000");
  params.emplace_back("min_insert_block_size_bytes", "0");
  auto sent = note(part, http_.ask({.sql = tables_.insert(part.kind, raw_only),
                                    .params = std::move(params),
                                    .body = {head, part.body.bytes, tail},
                                    .once = true,
                                    .timeout = options_.insert_timeout,
                                    .cancelled = stopping_}));
  // It never left: what is known of the attempt before is all there is.
  if (sent.reply.failure == ClickHouseReply::Failure::kUnreachable) part.send_by = before;
  return sent;
}

ClickHouseServerLink::Sent ClickHouseServerLink::roll_up(const InsertGroup& group, InsertPart& part,
                                                         Tier tier) {
  part.send_by = send_by();
  HttpParams params =
      insert_settings(version_, query_id(group, part) + ":" + std::to_string(part.send_by) + ":" +
                                    std::string(to_string(tier)));
  params.emplace_back("query_id", query_id(group, part));
  params.emplace_back("min_insert_block_size_rows", "10000000");
  params.emplace_back("min_insert_block_size_bytes", "0");
  params.emplace_back("max_threads", "1");
  return note(part, http_.ask({.sql = tables_.roll_up_again(tier, group, part, part.send_by),
                               .params = std::move(params),
                               .once = true,
                               .timeout = options_.insert_timeout,
                               .cancelled = stopping_}));
}

}  // namespace netprobe
