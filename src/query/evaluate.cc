// SPDX-License-Identifier: Apache-2.0
#include "query/evaluate.h"

#include <algorithm>
#include <chrono>

#include "query/getters.h"
#include "query/groups.h"
#include "query/record_order.h"
#include "query/sql.h"
#include "query/tier.h"

namespace netprobe {
namespace {

/// Ends a query that takes too long or that nobody waits for any more.
class Watch {
 public:
  explicit Watch(const QueryRequest& request)
      : request_(request), end_(Clock::now() + std::chrono::microseconds(request.limits.time)) {}

  /// Looks now and then only: a clock costs more than a record.
  [[nodiscard]] std::optional<QueryFailure> look() {
    if (++looks_ % 1024 != 1) return std::nullopt;
    if (request_.cancelled && request_.cancelled->load(std::memory_order_relaxed))
      return QueryFailure{QueryFailure::Kind::kCancelled, "nobody waits for the answer any more"};
    if (Clock::now() >= end_)
      return QueryFailure{
          QueryFailure::Kind::kTooBroad,
          "the query took longer than its limit; narrow it down or raise the limit"};
    return std::nullopt;
  }

 private:
  using Clock = std::chrono::steady_clock;
  const QueryRequest& request_;
  Clock::time_point end_;
  std::uint64_t looks_ = 0;
};

struct Found {
  Row row;
  Micros time = 0;
};

/// record_order(), made ready.
class RecordOrder {
 public:
  explicit RecordOrder(const Query& query) : connections_(query.kind == RecordKind::kConnection) {
    for (RecordOrderField& by : record_order(query)) {
      const Getter getter = getter_for(by.field.id, source_of(query.kind));
      by_.push_back({std::move(by.field), getter, by.descending});
    }
  }

  [[nodiscard]] bool operator()(const Found& a, const Found& b) const {
    for (const By& by : by_) {
      const Raw x = raw_value(by.getter, by.ref, a.row);
      const Raw y = raw_value(by.getter, by.ref, b.row);
      if (x != y) return by.descending ? y < x : x < y;
    }
    return connections_ && id_of(a) < id_of(b);
  }

 private:
  struct By {
    FieldRef ref;
    Getter getter;
    bool descending = false;
  };
  static std::uint64_t id_of(const Found& found) {
    return static_cast<const ConnectionEvent*>(found.row.data)->id;
  }

  std::vector<By> by_;
  bool connections_;  ///< whose id is no field
};

using Answered = std::expected<void, QueryFailure>;

Answered answer_groups(const QueryRequest& request, const RecordMatcher& matcher,
                       std::span<const RecordRef> records, QueryAnswer& answer) {
  Watch watch(request);
  Groups groups(request.query);
  for (const RecordRef& record : records) {
    if (auto failure = watch.look()) return std::unexpected(std::move(*failure));
    if (matcher.matches(record)) groups.add(row_of(record));
  }
  answer.rows = groups.rows();
  const SqlStatement shape{.columns = answer_columns(request.query)};
  finish_answer(request.query, shape, request.limits.rows, std::nullopt, answer);
  return {};
}

Answered answer_records(const QueryRequest& request, const RecordMatcher& matcher,
                        std::span<const RecordRef> records,
                        const std::optional<RecordCursor>& after, QueryAnswer& answer) {
  const Query& query = request.query;
  Watch watch(request);
  std::vector<Found> found;
  for (const RecordRef& record : records) {
    if (auto failure = watch.look()) return std::unexpected(std::move(*failure));
    if (after && record.record->time > after->time) continue;
    if (matcher.matches(record)) found.push_back({row_of(record), record.record->time});
  }
  const auto usual = usual_fields(query.kind);
  const std::vector<FieldRef> shown =
      query.select.empty() ? std::vector(usual.begin(), usual.end()) : query.select;
  SqlStatement shape{.columns = answer_columns(query), .hidden = 1};
  std::ranges::sort(found, RecordOrder(query));
  shape.columns.push_back({.name = "time", .type = FieldType::kTime});
  std::vector<Getter> getters;
  for (const FieldRef& ref : shown) getters.push_back(getter_for(ref.id, source_of(query.kind)));
  const std::size_t skip = after ? after->skip : 0;
  const std::size_t last = std::min(found.size(), skip + row_bound(query, request.limits.rows) + 1);
  for (std::size_t i = skip; i < last; ++i) {
    std::vector<Value> row;
    for (std::size_t f = 0; f < shown.size(); ++f) {
      const Raw raw = raw_value(getters[f], shown[f], found[i].row);
      row.push_back(is_none(raw, shown[f].id) ? Value{} : value_from(raw, field(shown[f].id).type));
    }
    row.emplace_back(found[i].time);
    answer.rows.push_back(std::move(row));
  }
  finish_answer(query, shape, request.limits.rows, after, answer);
  return {};
}

}  // namespace

std::expected<QueryAnswer, QueryFailure> evaluate(const QueryRequest& request,
                                                  std::span<const RecordRef> records) {
  const auto started = std::chrono::steady_clock::now();
  const Query& query = request.query;
  if (auto checked = check_answerable(query); !checked) return std::unexpected(checked.error());
  const auto after = read_record_cursor(request.cursor);
  if (!after) return std::unexpected(after.error());
  if (auto checked = check_cursor(query, *after); !checked) return std::unexpected(checked.error());
  QueryAnswer answer;
  const RecordMatcher matcher(query);
  const Answered done = query.is_aggregate()
                            ? answer_groups(request, matcher, records, answer)
                            : answer_records(request, matcher, records, *after, answer);
  if (!done) return std::unexpected(done.error());
  answer.tier = Tier::kLive;
  answer.since = query.since;
  answer.until = query.until;
  answer.rows_read = records.size();
  answer.took = std::chrono::duration_cast<std::chrono::microseconds>(
                    std::chrono::steady_clock::now() - started)
                    .count();
  return answer;
}

}  // namespace netprobe
