// SPDX-License-Identifier: Apache-2.0
#include "query/group_sql.h"

#include <algorithm>

#include "query/sql_text.h"
#include "query/tier.h"

namespace netprobe {
namespace {

std::string numbered(char letter, std::size_t number) { return letter + std::to_string(number); }

struct Key {
  std::string expression;
  std::string none;  ///< that its value, by its name, is none
};

class GroupsSql {
 public:
  GroupsSql(const Query& query, SqlDialect dialect, Tier tier, std::string_view from,
            const std::string& where)
      : query_(query),
        dialect_(dialect),
        rollup_(bucket_of(tier) > 0),
        from_(from),
        where_(where),
        columns_(answer_columns(query)) {
    make_keys();
    for (std::size_t i = 0; i < query.aggregates.size(); ++i) add(i, query.aggregates[i]);
  }

  [[nodiscard]] SqlStatement statement(std::size_t rows) const {
    SqlStatement result{.columns = columns_};
    std::string shown;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      shown += i == 0 ? "" : ", ";
      shown += sql_result(dialect_, columns_[i], value_name(i), none_text(i));
      shown += " AS " + numbered('c', i);
    }
    result.text =
        "SELECT " + shown + " FROM (" + grouped(aggregates_, where_) + having() + ") AS g";
    if (!peak_sums_.empty()) result.text += with_peaks();
    const std::string order = order_text();
    if (!order.empty()) result.text += " ORDER BY " + order;
    result.text += " LIMIT " + std::to_string(row_bound(query_, rows) + 1);
    return result;
  }

 private:
  [[nodiscard]] bool duckdb() const { return dialect_ == SqlDialect::kDuckDb; }

  void make_keys() {
    if (query_.every) keys_.push_back({sql_bucket(dialect_, "time", *query_.every), ""});
    if (query_.histogram) {
      const std::string value = sql_value(dialect_, *query_.histogram, query_.kind);
      const bool durations = class_of(field(query_.histogram->id).type) == ValueClass::kSigned;
      const std::string name = numbered('k', keys_.size());
      keys_.push_back(
          {durations ? duration_bound(value) : count_bound(value),
           name + " = " +
               (durations ? std::to_string(kAboveDurations) : std::to_string(kAboveCounts))});
      where_ = sql_and({where_, sql_is_known(dialect_, query_.histogram->id, value)});
    }
    for (const FieldRef& ref : query_.by) {
      const std::string name = numbered('k', keys_.size());
      keys_.push_back({sql_value(dialect_, ref, query_.kind), sql_is_none(dialect_, ref.id, name)});
    }
  }

  [[nodiscard]] static std::string duration_bound(const std::string& value) {
    std::string out = "(CASE";
    for (const Micros bound : histogram_bounds()) {
      const std::string text = std::to_string(bound);
      out += " WHEN " + value + " <= " + text + " THEN " + text;
    }
    return out + " ELSE " + std::to_string(kAboveDurations) + " END)";
  }

  /// The smallest power of two that is not below. ClickHouse works out every
  /// branch of a CASE for every row; DuckDB stops at the first that holds.
  [[nodiscard]] std::string count_bound(const std::string& value) const {
    if (!duckdb()) {
      const std::string power = "roundToExp2(toUInt64(greatest(" + value + ", 2) - 1))";
      const std::string above = std::to_string(kAboveCounts);
      return "(CASE WHEN " + value + " <= 1 THEN toUInt64(1) WHEN " + value +
             " > 9223372036854775808 THEN toUInt64(" + above + ") ELSE " + power + " * 2 END)";
    }
    std::string out = "(CASE";
    for (unsigned bit = 0; bit < 64; ++bit) {
      const std::string text = std::to_string(1ULL << bit);
      out += " WHEN " + value + " <= " + text + " THEN " + text + "::UBIGINT";
    }
    return out + " ELSE " + std::to_string(kAboveCounts) + "::UBIGINT END)";
  }

  /// a0, a1 … are values of aggregates, n0, n1 … of how many they are made.
  void add(std::size_t index, const Aggregate& aggregate) {
    const std::string a = numbered('a', index);
    const std::string n = numbered('n', index);
    const auto put = [&](const std::string& name, const std::string& expression) {
      aggregates_ += (aggregates_.empty() ? "" : ", ") + expression + " AS " + name;
    };
    if (aggregate.op == AggregateOp::kCount) {
      put(a, rollup_ ? sum("records", "") : duckdb() ? "count(*)" : "count()");
      return;
    }
    const FieldRef& ref = aggregate.field;
    const bool spread = rollup_ && rollup_use(ref.id) == RollupUse::kSpread;
    const std::string column(column_of(ref.id));
    const std::string value = spread ? column + "_sum" : sql_value(dialect_, ref, query_.kind);
    const std::string known = rollup_ ? "" : sql_is_known(dialect_, ref.id, value);
    // What is not known is mostly 0 and adds nothing.
    const bool zero = none_number(ref.id).value_or(0) == 0;
    const std::string total = sum(value, zero ? "" : known);
    std::string count = duckdb() && known.empty() ? "count(*)" : aggregate_text("count", "", known);
    if (rollup_) count = sum(spread ? column + "_count" : "records", "");
    switch (aggregate.op) {
      case AggregateOp::kSum:
        put(a, total);
        return;
      case AggregateOp::kRate:
        put(a, real(total) + " / " + seconds());
        return;
      case AggregateOp::kAvg:
        put(a, real(total) + " / " + count);
        break;
      case AggregateOp::kMin:
        put(a, aggregate_text("min", value, known));
        break;
      case AggregateOp::kMax:
        put(a, spread ? aggregate_text("max", column + "_max", "")
                      : aggregate_text("max", value, known));
        break;
      case AggregateOp::kQuantile:
        put(a, quantile(aggregate.quantile, value, known));
        break;
      case AggregateOp::kDistinct:
        put(a, distinct(value, sql_is_known(dialect_, ref.id, value)));
        return;
      case AggregateOp::kPeak:
        add_peak(index, total);
        put(n, rollup_ ? sum("records", "") : duckdb() ? "count(*)" : "count()");
        return;
      case AggregateOp::kCount:
        return;
    }
    put(n, count);
  }

  [[nodiscard]] std::string aggregate_text(std::string_view function, std::string_view value,
                                           std::string_view condition) const {
    return sql_aggregate(dialect_, function, duckdb() && value.empty() ? "*" : value, condition);
  }
  /// 0 over nothing.
  [[nodiscard]] std::string sum(std::string_view value, std::string_view condition) const {
    const std::string text = aggregate_text("sum", value, condition);
    return duckdb() ? "coalesce(" + text + ", 0)" : text;
  }
  [[nodiscard]] std::string real(const std::string& value) const {
    return duckdb() ? "CAST(" + value + " AS DOUBLE)" : "toFloat64(" + value + ")";
  }
  [[nodiscard]] std::string distinct(const std::string& value, const std::string& known) const {
    return duckdb() ? sql_aggregate(dialect_, "count", "DISTINCT " + value, known)
                    : sql_aggregate(dialect_, "uniqExact", value, known);
  }

  [[nodiscard]] std::string seconds() const {
    const Micros micros =
        query_.every ? *query_.every : query_.until.value_or(0) - query_.since.value_or(0);
    std::string rest = std::to_string(micros % 1'000'000);
    rest.insert(0, 6 - rest.size(), '0');
    return std::to_string(micros / 1'000'000) + "." + rest;
  }

  /// DuckDB takes a decimal share as it is, and the element at its ceiling.
  /// ClickHouse takes the element at the floor, from 0, which is one too many where
  /// the share comes out even: a hair less is not, and for 10^10 values and shares
  /// of four digits no other element.
  [[nodiscard]] std::string quantile(double share, const std::string& value,
                                     const std::string& known) const {
    const Fraction fraction = fraction_of(share);
    if (duckdb()) {
      return sql_aggregate(dialect_, "quantile_disc", value + ", " + decimal(fraction), known);
    }
    constexpr std::uint64_t kWhole = 1'000'000'000'000'000;
    const std::uint64_t hair = 10;
    const std::uint64_t part = fraction.part * (kWhole / fraction.whole);
    const std::string level = decimal({part > hair ? part - hair : 0, kWhole});
    return "quantileExact" + std::string(known.empty() ? "" : "If") + "(" + level + ")(" + value +
           (known.empty() ? "" : ", " + known) + ")";
  }
  [[nodiscard]] static std::string decimal(const Fraction& fraction) {
    std::string rest = std::to_string(fraction.part % fraction.whole);
    const std::size_t digits = std::to_string(fraction.whole).size() - 1;
    if (digits == 0) return std::to_string(fraction.part) + ".0";
    rest.insert(0, digits - rest.size(), '0');
    return std::to_string(fraction.part / fraction.whole) + "." + rest;
  }

  /// The largest of the sums by minute: these are grouped in a statement of their
  /// own, which all peaks of a query share.
  void add_peak(std::size_t index, const std::string& total) {
    peak_sums_ += ", " + total + " AS " + numbered('s', index);
    peaks_ += (peaks_.empty() ? "" : ", ") + ("max(" + numbered('s', index)) + ") AS " +
              numbered('a', index);
  }

  [[nodiscard]] std::string key_names() const {
    std::string names;
    for (std::size_t i = 0; i < keys_.size(); ++i) names += (i == 0 ? "" : ", ") + numbered('k', i);
    return names;
  }
  [[nodiscard]] std::string key_expressions() const {
    std::string text;
    for (std::size_t i = 0; i < keys_.size(); ++i)
      text += (i == 0 ? "" : ", ") + keys_[i].expression + " AS " + numbered('k', i);
    return text;
  }

  [[nodiscard]] std::string grouped(const std::string& aggregates, const std::string& where) const {
    const std::string keys = key_expressions();
    std::string text = "SELECT " + keys;
    if (!keys.empty() && !aggregates.empty()) text += ", ";
    text += aggregates + " FROM " + std::string(from_) + " WHERE " + where;
    if (!keys.empty()) text += " GROUP BY " + key_names();
    return text;
  }
  [[nodiscard]] std::string having() const {
    if (!query_.new_since) return {};
    return " HAVING min(time) >= " + std::to_string(*query_.new_since);
  }

  [[nodiscard]] std::string with_peaks() const {
    const std::string keys = key_names();
    std::string minutes = "SELECT " + key_expressions() + (keys.empty() ? "" : ", ") +
                          sql_bucket(dialect_, "time", bucket_of(Tier::kMinute)) + " AS minute" +
                          peak_sums_ + " FROM " + std::string(from_) + " WHERE " + where_ +
                          " GROUP BY " + keys + (keys.empty() ? "" : ", ") + "minute";
    std::string text = "(SELECT " + keys + (keys.empty() ? "" : ", ") + peaks_ + " FROM (" +
                       minutes + ") AS m" + (keys.empty() ? "" : " GROUP BY " + keys) + ") AS p";
    if (keys.empty()) return " CROSS JOIN " + text;
    return (duckdb() ? " JOIN " : " ALL INNER JOIN ") + text + " USING (" + keys + ")";
  }

  [[nodiscard]] std::string value_name(std::size_t column) const {
    return column < keys_.size() ? numbered('k', column) : numbered('a', column - keys_.size());
  }
  [[nodiscard]] std::string none_text(std::size_t column) const {
    if (column < keys_.size()) return keys_[column].none;
    const std::size_t index = column - keys_.size();
    switch (query_.aggregates[index].op) {
      case AggregateOp::kCount:
      case AggregateOp::kSum:
      case AggregateOp::kRate:
      case AggregateOp::kDistinct:
        return {};
      default:
        return numbered('n', index) + " = 0";
    }
  }

  [[nodiscard]] std::string order_text() const {
    std::string text;
    const auto put = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    for (const OrderBy& by : query_.order) {
      const auto at = static_cast<std::size_t>(
          std::ranges::find(columns_, by.column, &Column::name) - columns_.begin());
      // What has no value comes last, whichever way.
      if (at >= keys_.size() && !none_text(at).empty()) put("(" + none_text(at) + ")");
      put(value_name(at) + (by.descending ? " DESC" : ""));
    }
    for (std::size_t i = 0; i < keys_.size(); ++i) put(numbered('k', i));
    return text;
  }

  const Query& query_;
  SqlDialect dialect_;
  bool rollup_;
  std::string_view from_;
  std::string where_;
  std::vector<Column> columns_;
  std::vector<Key> keys_;
  std::string aggregates_;
  std::string peak_sums_;
  std::string peaks_;
};

}  // namespace

std::expected<SqlStatement, QueryFailure> groups_sql(const Query& query, SqlDialect dialect,
                                                     Tier tier, std::string_view from,
                                                     const std::string& where, std::size_t rows) {
  return GroupsSql(query, dialect, tier, from, where).statement(rows);
}

}  // namespace netprobe
