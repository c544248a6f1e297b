// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "query/lower.h"
#include "query/sql_text.h"

namespace netprobe {
namespace {

constexpr std::string_view kNever = "1 = 0";
/// DuckDB 1.5 makes LIKE of simple patterns, and "$$" finds nothing then. Of two
/// patterns it makes none; this one finds nothing by itself.
constexpr std::string_view kOrNothing = R"(|\b\B)";
constexpr std::string_view kLabelSeparator = "\x1f";

std::string cat(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

/// Icmp's type and code are there where the protocol is.
std::string of_icmp(std::string_view value, FieldId id) {
  return cat({"(CASE WHEN protocol IN (1, 58) THEN ", value, " ELSE ",
              std::to_string(none_number(id).value_or(0)), " END)"});
}

/// As label_in() of record.h.
std::string label_value(SqlDialect dialect, std::string_view labels, const std::string& key) {
  const std::string begin = sql_literal(dialect, cat({kLabelSeparator, key, "="}));
  const std::string separator = sql_literal(dialect, kLabelSeparator);
  if (dialect == SqlDialect::kDuckDb) {
    return cat({"split_part(split_part(", labels, ", ", begin, ", 2), ", separator, ", 1)"});
  }
  const std::string at = cat({"position(", labels, ", ", begin, ")"});
  const std::string rest =
      cat({"substring(", labels, ", ", at, " + ", std::to_string(key.size() + 2), ")"});
  // Both branches are worked out for every row: no length may be below 0.
  return cat({"if(", at, " = 0, '', substring(", rest, ", 1, greatest(position(", rest, ", ",
              separator, "), 1) - 1))"});
}

std::string ranges_text(const std::string& value, const Test& test) {
  std::vector<std::string> any;
  std::vector<std::string> points;
  const std::uint64_t last = UINT64_MAX;
  for (const NumberRange& range : test.numbers) {
    const std::string low = sql_number(test.value, range.low);
    const std::string high = sql_number(test.value, range.high);
    if (range.low == range.high) {
      points.push_back(low);
    } else if (range.low == 0 && range.high == last) {
      return "1 = 1";
    } else if (range.low == 0) {
      any.push_back(cat({value, " <= ", high}));
    } else if (range.high == last) {
      any.push_back(cat({value, " >= ", low}));
    } else {
      any.push_back(cat({value, " BETWEEN ", low, " AND ", high}));
    }
  }
  if (points.size() == 1) {
    any.push_back(cat({value, " = ", points.front()}));
  } else if (!points.empty()) {
    any.push_back(cat({value, " IN (", join(points, ", "), ")"}));
  }
  return any.empty() ? std::string(kNever) : join(any, " OR ");
}

std::string ranges_text(SqlDialect dialect, const std::string& value,
                        const std::vector<AddressRange>& ranges) {
  std::vector<std::string> any;
  for (const AddressRange& range : ranges) {
    const std::string low = sql_address(dialect, range.low);
    if (range.low == range.high) {
      any.push_back(cat({value, " = ", low}));
    } else {
      any.push_back(cat({value, " BETWEEN ", low, " AND ", sql_address(dialect, range.high)}));
    }
  }
  return any.empty() ? std::string(kNever) : join(any, " OR ");
}

std::string texts_text(SqlDialect dialect, const std::string& value, const Test& test) {
  if (test.texts.empty()) return std::string(kNever);
  std::vector<std::string> literals;
  for (const std::string& text : test.texts) literals.push_back(sql_literal(dialect, text));
  if (literals.size() > 1) return cat({value, " IN (", join(literals, ", "), ")"});
  const std::string equal = cat({value, " = ", literals.front()});
  if (field(test.field.id).type != FieldType::kLabel || test.texts.front().empty()) return equal;
  // Cheaper than to cut the value out of every row.
  const std::string whole = sql_literal(
      dialect, cat({kLabelSeparator, test.field.label, "=", test.texts.front(), kLabelSeparator}));
  const std::string_view labels = column_of(test.field.id);
  const std::string has = dialect == SqlDialect::kDuckDb
                              ? cat({"contains(", labels, ", ", whole, ")"})
                              : cat({"position(", labels, ", ", whole, ") > 0"});
  return cat({has, " AND ", equal});
}

std::string order_text(SqlDialect dialect, const std::string& value, const Test& test) {
  std::string_view sign = " < ";
  if (test.order == CompareOp::kLessEqual) sign = " <= ";
  if (test.order == CompareOp::kGreater) sign = " > ";
  if (test.order == CompareOp::kGreaterEqual) sign = " >= ";
  return cat({value, " <> '' AND ", value, sign, sql_literal(dialect, test.text)});
}

std::string test_text(SqlDialect dialect, const Test& test, RecordKind kind) {
  const bool duckdb = dialect == SqlDialect::kDuckDb;
  const std::string value = sql_value(dialect, test.field, kind);
  switch (test.kind) {
    case Test::Kind::kNumbers:
      return ranges_text(value, test);
    case Test::Kind::kAddresses:
      return ranges_text(dialect, value, test.addresses);
    case Test::Kind::kFlags: {
      const std::string bits = std::to_string(test.flags);
      return duckdb ? cat({"(", value, " & ", bits, ") = ", bits})
                    : cat({"bitAnd(", value, ", ", bits, ") = ", bits});
    }
    case Test::Kind::kTexts:
      return texts_text(dialect, value, test);
    case Test::Kind::kTextOrder:
      return order_text(dialect, value, test);
    case Test::Kind::kPrefix:
      if (test.text.empty()) return cat({value, " <> ''"});
      return cat({duckdb ? "starts_with(" : "startsWith(", value, ", ",
                  sql_literal(dialect, test.text), ")"});
    case Test::Kind::kContains:
      if (test.text.empty()) return cat({value, " <> ''"});
      return duckdb ? cat({"contains(", value, ", ", sql_literal(dialect, test.text), ")"})
                    : cat({"position(", value, ", ", sql_literal(dialect, test.text), ") > 0"});
    case Test::Kind::kPattern:
      if (!duckdb)
        return cat({value, " <> '' AND match(", value, ", ", sql_literal(dialect, test.text), ")"});
      return cat({value, " <> '' AND regexp_matches(", value, ", ",
                  sql_literal(dialect, test.text + std::string(kOrNothing)), ")"});
  }
  return std::string(kNever);
}

struct Printer {
  SqlDialect dialect;
  RecordKind kind;

  std::string operator()(const Expr::Compare& compare) const {
    return cat({"(", test_text(dialect, lower(compare), kind), ")"});
  }
  std::string operator()(const Expr::Not& negated) const {
    return cat({"(NOT ", print(negated.what), ")"});
  }
  std::string operator()(const Expr::And& conjunction) const {
    return list(conjunction.all, " AND ", "(1 = 1)");
  }
  std::string operator()(const Expr::Or& disjunction) const {
    return list(disjunction.any, " OR ", "(1 = 0)");
  }
  [[nodiscard]] std::string print(const ExprPtr& expr) const {
    return std::visit(*this, expr->node);
  }

 private:
  [[nodiscard]] std::string list(const std::vector<ExprPtr>& parts, std::string_view between,
                                 std::string_view of_nothing) const {
    if (parts.empty()) return std::string(of_nothing);
    std::vector<std::string> texts;
    for (const ExprPtr& part : parts) texts.push_back(print(part));
    return cat({"(", join(texts, between), ")"});
  }
};

}  // namespace

std::string sql_value(SqlDialect dialect, const FieldRef& ref, RecordKind kind) {
  const std::string column(column_of(ref.id));
  switch (ref.id) {
    case FieldId::kSrcPod:
      return "(CASE WHEN src_kind = 'pod' THEN src_name ELSE '' END)";
    case FieldId::kDstPod:
      return "(CASE WHEN dst_kind = 'pod' THEN dst_name ELSE '' END)";
    case FieldId::kReporter:
      return "(CASE WHEN node = '' THEN 'other' WHEN node = src_node THEN 'src'"
             " WHEN node = dst_node THEN 'dst' ELSE 'other' END)";
    case FieldId::kIcmpType:
      return of_icmp(sql_divide(dialect, column, 256), ref.id);
    case FieldId::kIcmpCode:
      return of_icmp(cat({column, " % 256"}), ref.id);
    case FieldId::kDuration:
      return kind == RecordKind::kConnection ? "(time - first_seen)" : "(last_seen - first_seen)";
    case FieldId::kTotalPackets:
      return "(packets + reverse_packets)";
    case FieldId::kTotalBytes:
      return "(bytes + reverse_bytes)";
    case FieldId::kRecords:
      return dialect == SqlDialect::kDuckDb ? "1::UBIGINT" : "toUInt64(1)";
    case FieldId::kSrcLabel:
    case FieldId::kDstLabel:
      return ref.label.empty() ? std::string(column) : label_value(dialect, column, ref.label);
    default:
      return column;
  }
}

std::string sql_is_none(SqlDialect dialect, FieldId id, std::string_view value) {
  switch (class_of(field(id).type)) {
    case ValueClass::kAddress:
      return cat({value, " = ", sql_address(dialect, IpAddress{})});
    case ValueClass::kText:
      return cat({value, " = ''"});
    default:
      break;
  }
  const auto none = none_number(id);
  return none ? cat({value, " = ", std::to_string(*none)}) : std::string();
}

std::string sql_is_known(SqlDialect dialect, FieldId id, std::string_view value) {
  const std::string none = sql_is_none(dialect, id, value);
  return none.empty() ? none : cat({"NOT (", none, ")"});
}

std::string sql_condition(SqlDialect dialect, const ExprPtr& filter, RecordKind kind) {
  if (filter == nullptr) return {};
  return Printer{dialect, kind}.print(filter);
}

}  // namespace netprobe
