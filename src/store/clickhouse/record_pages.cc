// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/record_pages.h"

#include <algorithm>
#include <array>
#include <set>

#include "query/sql_text.h"

namespace netprobe {
namespace {

/// A statement names them one by one: some 17 bytes each.
constexpr std::uint64_t kMostTimes = 20'000;
/// Of time before the newest record that a page may have; 0: all there is.
constexpr std::array<Micros, 5> kWindows{300'000'000, 3'600'000'000, 8 * 3'600'000'000,
                                         3 * 86'400'000'000, 0};
const Column kTime{.name = "time", .type = FieldType::kTime};

using Times = std::set<Micros>;

std::uint64_t wanted_rows(const RecordPage& page) {
  return row_bound(page.query, page.rows) + 1 + (page.after ? page.after->skip : 0);
}

class PageReader {
 public:
  PageReader(const RecordPage& page, const AskRows& ask)
      : page_(page),
        ask_(ask),
        filter_(sql_condition(SqlDialect::kClickHouse, page.query.filter, page.query.kind)),
        slot_("intDiv(time, " + std::to_string(page.slot) + ")") {}

  std::expected<RecordRows, QueryFailure> read() {
    auto statement = to_sql(page_.query, SqlDialect::kClickHouse, Tier::kRaw, page_.from,
                            page_.rows, page_.after);
    if (!statement) return std::unexpected(statement.error());
    RecordRows out{.statement = std::move(*statement), .rows = {}};
    const auto times = page_.query.order.empty() ? newest_times() : times_in_order();
    if (!times) return std::unexpected(times.error());
    if (times->empty()) return out;
    auto rows = ask_(with_condition(out.statement.text, " PREWHERE ", those(*times), " WHERE "),
                     out.statement.columns, row_bound(page_.query, page_.rows) + 1);
    if (!rows) return std::unexpected(rows.error());
    out.rows = std::move(*rows);
    return out;
  }

 private:
  /// Times of the records that the page ends with or before. Of equal ones all
  /// are read: which of them are the page's the statement says.
  [[nodiscard]] std::expected<Times, QueryFailure> newest_times() const {
    const Query& query = page_.query;
    std::optional<Micros> until = query.until;
    // The page before ended with records of this time: there may be more.
    if (page_.after && page_.after->time < until.value_or(INT64_MAX)) until = page_.after->time + 1;
    const Micros end = std::min(until.value_or(page_.now), page_.now);
    std::uint64_t missing = wanted_rows(page_);
    Times times;
    for (const Micros span : kWindows) {
      const bool is_last = span == 0 || end - span <= query.since.value_or(0);
      const auto since = is_last ? query.since : std::optional(end - span);
      const std::string sql = "SELECT time FROM " + std::string(page_.from) +
                              (filter_.empty() ? "" : " PREWHERE " + filter_) + " WHERE " +
                              sql_and({range(since, until)}) + " ORDER BY time DESC LIMIT " +
                              std::to_string(missing);
      const auto rows = ask_(sql, {kTime}, missing);
      if (!rows) return std::unexpected(rows.error());
      add(*rows, times);
      missing -= std::min<std::uint64_t>(missing, rows->size());
      if (is_last || missing == 0) break;
      until = since;
    }
    return times;
  }

  /// The same, sorted as the query says, by a statement that shows times only.
  [[nodiscard]] std::expected<Times, QueryFailure> times_in_order() const {
    Query narrow = page_.query;
    narrow.select = {{.id = FieldId::kTime, .label = {}}};
    const auto statement =
        to_sql(narrow, SqlDialect::kClickHouse, Tier::kRaw, page_.from, page_.rows, page_.after);
    if (!statement) return std::unexpected(statement.error());
    std::string sql = statement->text;
    const std::string slots = range(narrow.since, narrow.until);
    if (!slots.empty()) sql = with_condition(sql, " WHERE ", slots, " AND ");
    if (!filter_.empty()) sql = with_condition(sql, " PREWHERE ", filter_, " WHERE ");
    const auto rows = ask_(sql, statement->columns, row_bound(page_.query, page_.rows) + 1);
    if (!rows) return std::unexpected(rows.error());
    Times times;
    add(*rows, times);
    return times;
  }

  static void add(const ClickHouseRows& rows, Times& times) {
    for (const auto& row : rows)
      if (const auto* time = std::get_if<Micros>(&row.at(0))) times.insert(*time);
  }

  /// In slots too: an old server does not see that one follows from the other.
  [[nodiscard]] std::string range(std::optional<Micros> since, std::optional<Micros> until) const {
    const auto bound = [&](std::string_view sign, std::string_view slot_sign,
                           std::optional<Micros> time) -> std::string {
      if (!time) return {};
      const std::string exact = "time " + std::string(sign) + " " + std::to_string(*time);
      // Divided towards zero there as here; before the epoch that is no order.
      if (*time <= 0) return exact;
      return slot_ + " " + std::string(slot_sign) + " " + std::to_string(*time / page_.slot) +
             " AND " + exact;
    };
    const std::string from = bound(">=", ">=", since);
    const std::string to = bound("<", "<=", until);
    return from.empty() || to.empty() ? from + to : from + " AND " + to;
  }

  [[nodiscard]] std::string those(const Times& times) const {
    std::set<Micros> slots;
    std::string list;
    for (const Micros time : times) {
      slots.insert(time / page_.slot);
      list += (list.empty() ? "" : ", ") + std::to_string(time);
    }
    std::string slot_list;
    for (const Micros slot : slots)
      slot_list += (slot_list.empty() ? "" : ", ") + std::to_string(slot);
    return slot_ + " IN (" + slot_list + ") AND time IN (" + list + ")";
  }

  /// Puts a condition before those that a statement of to_sql() has.
  [[nodiscard]] std::string with_condition(std::string sql, std::string_view word,
                                           std::string_view condition,
                                           std::string_view next) const {
    const std::string begin = " FROM " + std::string(page_.from);
    const std::string where = begin + " WHERE ";
    // What the user wrote stands behind it, in literals.
    const auto at = sql.find(where);
    if (at == std::string::npos) return sql;
    std::string text = begin;
    text.append(word).append(condition).append(next);
    return sql.replace(at, where.size(), text);
  }

  const RecordPage& page_;
  const AskRows& ask_;
  const std::string filter_;
  const std::string slot_;
};

}  // namespace

bool is_short_page(const RecordPage& page) {
  return !page.query.is_aggregate() && wanted_rows(page) <= kMostTimes;
}

std::expected<RecordRows, QueryFailure> read_page(const RecordPage& page, const AskRows& ask) {
  return PageReader(page, ask).read();
}

}  // namespace netprobe
