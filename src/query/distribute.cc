// SPDX-License-Identifier: Apache-2.0
#include "query/distribute.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "query/column.h"
#include "query/merge_groups.h"
#include "query/merge_records.h"
#include "query/part_plan.h"
#include "query/sql.h"
#include "query/tier.h"

namespace netprobe {
namespace {

/// Warnings of an answer at most; the rest would say the same of other nodes.
constexpr std::size_t kMaxWarnings = 100;

/// Whether a value is one of the column's.
bool is_of(const Value& value, const Column& column) {
  if (std::holds_alternative<std::monostate>(value)) return true;
  if (column.is_real) return std::holds_alternative<double>(value);
  if (column.type == FieldType::kBool) return std::holds_alternative<bool>(value);
  switch (class_of(column.type)) {
    case ValueClass::kSigned:
      return std::holds_alternative<std::int64_t>(value);
    case ValueClass::kUnsigned:
      return std::holds_alternative<std::uint64_t>(value);
    case ValueClass::kAddress:
      return std::holds_alternative<IpAddress>(value);
    case ValueClass::kText:
      break;
  }
  return std::holds_alternative<std::string>(value);
}

/// What all answers say of themselves, taken together.
class Origin {
 public:
  void add(QueryAnswer& part) {
    if (!any_) {
      whole_.tier = part.tier;
      whole_.since = part.since;
      whole_.until = part.until;
      any_ = true;
    }
    whole_.tier = std::max(whole_.tier, part.tier);
    whole_.resolution = std::max(whole_.resolution, part.resolution);
    whole_.since = whole_.since && part.since ? std::min(whole_.since, part.since) : std::nullopt;
    whole_.until = whole_.until && part.until ? std::max(whole_.until, part.until) : std::nullopt;
    if (part.kept_since) {
      oldest_ = std::min(oldest_.value_or(*part.kept_since), *part.kept_since);
      whole_.kept_since = std::max(whole_.kept_since.value_or(*part.kept_since), *part.kept_since);
    }
    whole_.exact = whole_.exact && part.exact;
    whole_.rows_read += part.rows_read;
    for (std::string& warning : part.warnings) warn(std::move(warning));
  }
  void give(QueryAnswer& answer) const {
    answer = whole_;
    if (unsaid_ > 0)
      answer.warnings.push_back(std::to_string(unsaid_) + " more warnings are left out");
  }
  /// Of any store.
  [[nodiscard]] std::optional<Micros> oldest() const { return oldest_; }
  [[nodiscard]] Micros resolution() const { return whole_.resolution; }
  [[nodiscard]] bool any() const { return any_; }

 private:
  void warn(std::string warning) {
    auto& all = whole_.warnings;
    if (std::ranges::find(all, warning) != all.end()) return;
    if (all.size() < kMaxWarnings)
      all.push_back(std::move(warning));
    else
      ++unsaid_;
  }

  QueryAnswer whole_;
  std::optional<Micros> oldest_;
  std::size_t unsaid_ = 0;
  bool any_ = false;
};

std::unexpected<QueryFailure> too_broad(std::string message) {
  return std::unexpected(QueryFailure{QueryFailure::Kind::kTooBroad, std::move(message)});
}

}  // namespace

class DistributedQuery::Impl {
 public:
  Impl(QueryRequest request, Micros now) : request_(std::move(request)), now_(now) {
    const Query& query = request_.query;
    part_ = {.query = query,
             .limits = request_.limits,
             .live = request_.live,
             .fresh = request_.fresh,
             .cancelled = request_.cancelled};
    if (query.is_aggregate()) {
      group_plan_ = plan_groups(query, now);
      part_.query = group_plan_.part;
      part_.limits.rows = kMaxPartRows;
      groups_.emplace(query, group_plan_);
    } else {
      after_ = parse_record_cursor(request_.cursor);
      const auto skip = static_cast<std::size_t>(after_ ? after_->skip : 0);
      const std::size_t wanted = row_bound(query, request_.limits.rows);
      record_plan_ = plan_records(query);
      part_.query = record_plan_.part;
      // Each store has some of those to be skipped: only together they are so many.
      if (after_) part_.cursor = format_record_cursor({.time = after_->time});
      part_.limits.rows = std::max<std::size_t>(wanted + skip, 1);
      records_.emplace(record_plan_, wanted, skip);
    }
    part_columns_ = answer_columns(part_.query);
  }

  [[nodiscard]] const QueryRequest& part() const { return part_; }

  [[nodiscard]] bool fits(const QueryAnswer& answer) const {
    const auto alike = [](const Column& a, const Column& b) {
      return a.type == b.type && a.is_real == b.is_real;
    };
    return std::ranges::equal(answer.columns, part_columns_, alike) &&
           std::ranges::all_of(answer.rows, [this](const std::vector<Value>& row) {
             return std::ranges::equal(row, part_columns_, is_of);
           });
  }

  void add(QueryAnswer answer) {
    origin_.add(answer);
    if (groups_)
      groups_->add(answer);
    else
      records_->add(std::move(answer));
  }

  [[nodiscard]] std::expected<QueryAnswer, QueryFailure> finish() {
    Query query = request_.query;
    if (now_ > 0) give_range(query, origin_.oldest().value_or(now_), now_);
    if (auto checked = check_answerable(query); !checked) return std::unexpected(checked.error());
    const auto after = read_record_cursor(request_.cursor);
    if (!after) return std::unexpected(after.error());
    if (auto checked = check_cursor(query, *after); !checked)
      return std::unexpected(checked.error());
    QueryAnswer answer;
    origin_.give(answer);
    if (!origin_.any()) {
      answer.since = query.since;
      answer.until = query.until;
    }
    if (needs_range(query)) {
      const Query whole = in_whole_buckets(query, origin_.resolution());
      answer.since = whole.since;
      answer.until = whole.until;
    }
    if (groups_) return finish_groups(query, std::move(answer));
    return finish_records(query, std::move(answer));
  }

 private:
  [[nodiscard]] std::expected<QueryAnswer, QueryFailure> finish_groups(const Query& query,
                                                                       QueryAnswer answer) {
    const Query whole = in_whole_buckets(query, origin_.resolution());
    if (group_plan_.new_since != request_.query.new_since) answer.exact = false;
    auto rows = groups_->rows(rate_seconds(whole), group_plan_.new_since);
    if (!rows) return std::unexpected(std::move(rows.error()));
    answer.rows = std::move(*rows);
    const SqlStatement shape{.columns = answer_columns(query)};
    finish_answer(query, shape, request_.limits.rows, std::nullopt, answer);
    return answer;
  }

  [[nodiscard]] std::expected<QueryAnswer, QueryFailure> finish_records(const Query& query,
                                                                        QueryAnswer answer) {
    auto found = records_->take();
    const bool cut = records_->cut();
    const std::size_t wanted = row_bound(query, request_.limits.rows);
    if (cut && found.empty() && wanted > 0)
      return too_broad(
          "there are more records of one moment than a node tells at once; narrow the filter, or"
          " raise the limit of rows");
    for (auto& row : found) {
      std::vector<Value> shown;
      shown.reserve(record_plan_.shown.size() + 1);
      for (const std::size_t column : record_plan_.shown) shown.push_back(row[column]);
      shown.push_back(std::move(row[record_plan_.time]));
      answer.rows.push_back(std::move(shown));
    }
    SqlStatement shape{.columns = answer_columns(query), .hidden = 1};
    shape.columns.push_back({.name = "time", .type = FieldType::kTime});
    std::size_t rows = request_.limits.rows;
    if (cut && answer.rows.size() <= wanted) {
      // A page that ends early, behind which there is more.
      rows = answer.rows.size();
      if (rows > 0) answer.rows.push_back(answer.rows.back());
    }
    finish_answer(query, shape, rows, after_, answer);
    answer.truncated = answer.truncated || cut;
    return answer;
  }

  QueryRequest request_;
  Micros now_;
  QueryRequest part_;
  std::vector<Column> part_columns_;
  GroupPlan group_plan_;
  RecordPlan record_plan_;
  std::optional<RecordCursor> after_;
  std::optional<GroupMerge> groups_;
  std::optional<RecordMerge> records_;
  Origin origin_;
};

DistributedQuery::DistributedQuery(QueryRequest request, Micros now)
    : impl_(std::make_unique<Impl>(std::move(request), now)) {}
DistributedQuery::~DistributedQuery() = default;
DistributedQuery::DistributedQuery(DistributedQuery&&) noexcept = default;
DistributedQuery& DistributedQuery::operator=(DistributedQuery&&) noexcept = default;

const QueryRequest& DistributedQuery::part() const { return impl_->part(); }
bool DistributedQuery::fits(const QueryAnswer& answer) const { return impl_->fits(answer); }
void DistributedQuery::add(QueryAnswer answer) { impl_->add(std::move(answer)); }
std::expected<QueryAnswer, QueryFailure> DistributedQuery::finish() { return impl_->finish(); }

}  // namespace netprobe
