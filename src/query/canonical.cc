// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "model/flow.h"
#include "query/condition.h"
#include "query/field_names.h"
#include "query/lexer.h"
#include "query/literal.h"
#include "query/parser.h"

namespace netprobe {
namespace {

using enum CompareOp;
using CompareValue = decltype(Expr::Compare::values)::value_type;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// In quotes unless it means itself without.
std::string text_literal(std::string_view text) {
  const bool plain = is_one_word(text) && text.find_first_of("*?[/") == std::string_view::npos &&
                     normal_name(text) != "none" &&
                     !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  return plain ? std::string(text) : quoted(text);
}

std::string literal(FieldId id, CompareOp op, const CompareValue& compared) {
  if (const auto* prefix = std::get_if<IpPrefix>(&compared)) return prefix->to_string();
  const auto& value = std::get<Value>(compared);
  const FieldType type = field(id).type;
  if (std::holds_alternative<std::monostate>(value)) return "none";
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return type == FieldType::kTime ? format_when(*number) : format_micros(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) {
    if (type == FieldType::kProtocol) return protocol_name(static_cast<std::uint8_t>(*number));
    if (type == FieldType::kFlags) return format_tcp_flags(static_cast<std::uint8_t>(*number));
    return std::to_string(*number);
  }
  if (const auto* text = std::get_if<std::string>(&value))
    return op == kGlob ? *text : op == kMatch ? quoted(*text) : text_literal(*text);
  if (const auto* address = std::get_if<IpAddress>(&value)) return address->to_string();
  return std::to_string(std::get<double>(value));
}

std::string_view sign(CompareOp op, bool negated) {
  switch (op) {
    case kEqual:
    case kGlob:
      return negated ? "!=" : "=";
    case kIn:
      return negated ? " not in " : " in ";
    case kMatch:
      return negated ? "!~" : "~";
    case kLess:
      return "<";
    case kLessEqual:
      return "<=";
    case kGreater:
      return ">";
    case kGreaterEqual:
      return ">=";
  }
  return "";
}

bool can_be_negated(CompareOp op) {
  return op == kEqual || op == kGlob || op == kIn || op == kMatch;
}

class Printer {
 public:
  explicit Printer(RecordKind kind) : kind_(kind) {}

  /// `inside`: it is a part of something that binds tighter than OR.
  void print(const Expr& expr, bool inside) {
    if (const auto* one = std::get_if<Expr::Compare>(&expr.node)) {
      print(field_name(one->field), *one, false);
    } else if (const auto* all = std::get_if<Expr::And>(&expr.node)) {
      for (std::size_t i = 0; i < all->all.size(); ++i) {
        if (i > 0) out_ += " and ";
        print(*all->all[i], true);
      }
    } else if (const auto* any = std::get_if<Expr::Or>(&expr.node)) {
      const bool parentheses = inside && taken_by_bare_name(any->any, 0) != any->any.size();
      if (parentheses) out_ += '(';
      print_any(any->any);
      if (parentheses) out_ += ')';
    } else {
      print_not(*std::get<Expr::Not>(expr.node).what);
    }
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void print(std::string_view name, const Expr::Compare& compare, bool negated) {
    if (negated && !can_be_negated(compare.op)) out_ += "not ";
    out_ += name;
    out_ += sign(compare.op, negated);
    if (compare.op == kIn) out_ += '(';
    for (std::size_t i = 0; i < compare.values.size(); ++i) {
      if (i > 0) out_ += ", ";
      out_ += literal(compare.field.id, compare.op, compare.values[i]);
    }
    if (compare.op == kIn) out_ += ')';
  }

  /// How many from `first` on are what one bare name stands for; 0: none.
  std::size_t taken_by_bare_name(const std::vector<ExprPtr>& any, std::size_t first) {
    const auto* compare = std::get_if<Expr::Compare>(&any[first]->node);
    if (compare == nullptr) return 0;
    for (const auto& bare : bare_names()) {
      if (bare.ids.front() != compare->field.id) continue;
      std::size_t count = 0;
      bool same = true;
      for (const auto id : bare.ids) {
        if (!field(id).of(kind_)) continue;
        const auto at = first + count++;
        const auto* each = at < any.size() ? std::get_if<Expr::Compare>(&any[at]->node) : nullptr;
        same = same && each != nullptr && each->field == FieldRef{id, compare->field.label} &&
               each->op == compare->op && each->values == compare->values;
      }
      if (!same) continue;
      bare_ = bare.name;
      if (!compare->field.label.empty()) bare_ += '.' + compare->field.label;
      return count;
    }
    return 0;
  }

  void print_any(const std::vector<ExprPtr>& any) {
    for (std::size_t i = 0; i < any.size();) {
      if (i > 0) out_ += " or ";
      const std::size_t taken = taken_by_bare_name(any, i);
      if (taken > 0) {
        print(bare_, std::get<Expr::Compare>(any[i]->node), false);
      } else {
        print(*any[i], false);
      }
      i += std::max<std::size_t>(taken, 1);
    }
  }

  void print_not(const Expr& what) {
    if (const auto* one = std::get_if<Expr::Compare>(&what.node))
      return print(field_name(one->field), *one, true);
    if (const auto* any = std::get_if<Expr::Or>(&what.node))
      if (taken_by_bare_name(any->any, 0) == any->any.size())
        return print(bare_, std::get<Expr::Compare>(any->any.front()->node), true);
    out_ += "not (";
    print(what, false);
    out_ += ')';
  }

  RecordKind kind_;
  std::string bare_;  ///< name that taken_by_bare_name() found
  std::string out_;
};

std::string field_list(const std::vector<FieldRef>& refs) {
  std::string text;
  for (const auto& ref : refs) text += (text.empty() ? "" : ", ") + field_name(ref);
  return text;
}

std::string aggregate_text(const Aggregate& aggregate) {
  if (aggregate.op == AggregateOp::kCount) return "count";
  const std::string op = aggregate.op == AggregateOp::kQuantile
                             ? percentile_word(aggregate.quantile)
                             : std::string(to_string(aggregate.op));
  return op + ' ' + field_name(aggregate.field);
}

std::string sums_text(const Query& query) {
  const std::string by = query.by.empty() ? "" : "by " + field_list(query.by);
  std::string text;
  if (query.new_since)
    return "new " + field_list(query.by) + " since " + format_when(*query.new_since);
  if (query.histogram) {
    text = "histogram " + field_name(*query.histogram);
  } else {
    for (const auto& aggregate : query.aggregates)
      text += (text.empty() ? "" : ", ") + aggregate_text(aggregate);
  }
  if (!by.empty()) text += (text.empty() ? "" : " ") + by;
  if (query.every) text += " every " + format_micros(*query.every);
  return text;
}

}  // namespace

std::string canonical(const Query& query) {
  std::string text(to_string(query.kind));
  if (query.filter) {
    Printer printer(query.kind);
    printer.print(*query.filter, false);
    text += ' ' + printer.take();
  }
  if (query.since) text += " | since " + format_when(*query.since);
  if (query.until) text += " | until " + format_when(*query.until);
  if (query.is_aggregate()) text += " | " + sums_text(query);
  for (std::size_t i = 0; i < query.order.size(); ++i) {
    text += i == 0 ? " | order by " : ", ";
    text += query.order[i].column + (query.order[i].descending ? " desc" : "");
  }
  if (query.limit) text += " | limit " + std::to_string(*query.limit);
  if (!query.select.empty()) text += " | fields " + field_list(query.select);
  return text;
}

}  // namespace netprobe
