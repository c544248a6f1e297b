// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/raw_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

#include "query/column.h"
#include "query/expr.h"
#include "query/lower.h"
#include "query/record.h"
#include "query/sql_text.h"

namespace netprobe::duck {
namespace {

bool is_label(FieldId id) { return id == FieldId::kSrcLabel || id == FieldId::kDstLabel; }
bool is_pod(FieldId id) { return id == FieldId::kSrcPod || id == FieldId::kDstPod; }

/// The column of a pod's field is the name; it is one by its kind, of the same end.
std::size_t kind_column(FieldId id) {
  return name_place(RecordKind::kFlow, id == FieldId::kSrcPod ? "src_kind" : "dst_kind")->column;
}

/// The parts of a list, and of anything else itself.
std::vector<ExprPtr> conjuncts(const ExprPtr& filter) {
  if (filter == nullptr) return {};
  const auto* list = std::get_if<Expr::And>(&filter->node);
  return list != nullptr ? list->all : std::vector{filter};
}

/// Of an And or an Or; null of what has no list.
const std::vector<ExprPtr>* parts_of(const Expr& expr) {
  if (const auto* list = std::get_if<Expr::And>(&expr.node)) return &list->all;
  if (const auto* list = std::get_if<Expr::Or>(&expr.node)) return &list->any;
  return nullptr;
}

ExprPtr list_of(bool all, std::vector<ExprPtr> parts) {
  if (parts.size() == 1) return parts.front();
  return std::make_shared<const Expr>(all ? Expr{Expr::And{std::move(parts)}}
                                          : Expr{Expr::Or{std::move(parts)}});
}

}  // namespace

RawFilter::RawFilter(const ExprPtr& filter, RecordKind kind) : kind_(kind) {
  std::vector<ExprPtr> told;
  std::vector<ExprPtr> rest;
  for (const ExprPtr& part : conjuncts(filter)) {
    bool has_name = false;
    (is_told(*part, has_name) && has_name ? told : rest).push_back(part);
  }
  if (!rest.empty()) rest_ = all_of(std::move(rest));
  if (told.empty()) return;
  told_ = by_column(list_of(true, std::move(told)));
  prepare(*told_);
}

std::optional<NamePlace> RawFilter::place(RecordKind kind, const FieldRef& field) {
  return name_place(kind, column_of(field.id));
}

bool RawFilter::is_told(const Expr& expr, bool& has_name) const {
  if (const auto* compare = std::get_if<Expr::Compare>(&expr.node)) {
    // The reporter is told by three columns; all labels of an end are no field.
    if (compare->field.id == FieldId::kReporter) return false;
    if (is_label(compare->field.id) && compare->field.label.empty()) return false;
    has_name = has_name || place(kind_, compare->field).has_value();
    return true;
  }
  if (const auto* negated = std::get_if<Expr::Not>(&expr.node))
    return is_told(*negated->what, has_name);
  return std::ranges::all_of(*parts_of(expr),
                             [&](const ExprPtr& part) { return is_told(*part, has_name); });
}

std::string_view RawFilter::number_column(const Expr& expr) const {
  if (const auto* compare = std::get_if<Expr::Compare>(&expr.node)) {
    const auto found = place(kind_, compare->field);
    return found ? found->number : std::string_view();
  }
  if (const auto* negated = std::get_if<Expr::Not>(&expr.node))
    return number_column(*negated->what);
  const auto& parts = *parts_of(expr);
  if (parts.empty()) return {};
  const std::string_view column = number_column(*parts.front());
  const bool same = std::ranges::all_of(
      parts, [&](const ExprPtr& part) { return number_column(*part) == column; });
  return same ? column : std::string_view();
}

ExprPtr RawFilter::by_column(const ExprPtr& expr) const {
  if (const auto* negated = std::get_if<Expr::Not>(&expr->node))
    return std::make_shared<const Expr>(Expr{Expr::Not{by_column(negated->what)}});
  const auto* parts = parts_of(*expr);
  if (parts == nullptr) return expr;
  const bool all = std::holds_alternative<Expr::And>(expr->node);
  std::map<std::string_view, std::vector<ExprPtr>> of_column;
  std::vector<ExprPtr> result;
  for (const ExprPtr& part : *parts) {
    const std::string_view column = number_column(*part);
    if (column.empty()) {
      result.push_back(by_column(part));
    } else {
      of_column[column].push_back(part);
    }
  }
  for (auto& [column, of] : of_column) result.push_back(list_of(all, std::move(of)));
  return list_of(all, std::move(result));
}

void RawFilter::prepare(const Expr& expr) {
  if (const auto* compare = std::get_if<Expr::Compare>(&expr.node)) {
    const auto found = place(kind_, compare->field);
    if (!found) return;
    columns_.set(found->column);
    if (is_pod(compare->field.id)) columns_.set(kind_column(compare->field.id));
    tests_.try_emplace(compare, lower(*compare));
  } else if (const auto* negated = std::get_if<Expr::Not>(&expr.node)) {
    prepare(*negated->what);
  } else {
    for (const ExprPtr& part : *parts_of(expr)) prepare(*part);
  }
}

std::string RawFilter::of_names() const { return sql_condition(SqlDialect::kDuckDb, told_, kind_); }

std::optional<std::string> RawFilter::of_numbers(const NameLists& lists, Names& names,
                                                 std::vector<Names::Use>& uses) const {
  if (told_ == nullptr) return std::string();
  Part told = print(told_, {.lists = lists, .names = names, .uses = uses});
  if (told.always && !*told.always) return std::nullopt;
  return std::move(told.sql);
}

RawFilter::Part RawFilter::print(const ExprPtr& expr, const Dictionary& dictionary) const {
  const std::string_view column = number_column(*expr);
  if (!column.empty()) {
    std::vector<bool> holds = numbers(*expr, dictionary.lists);
    const auto count = std::ranges::count(holds, true);
    const auto only = [&](bool value) { return std::ranges::find(holds, value) - holds.begin(); };
    if (count == 0) return {.sql = {}, .always = false};
    if (std::cmp_equal(count, holds.size())) return {.sql = {}, .always = true};
    if (count == 1) return {.sql = fmt::format("{} = {}", column, only(true)), .always = {}};
    if (std::cmp_equal(count + 1, holds.size()))
      return {.sql = fmt::format("{} <> {}", column, only(false)), .always = {}};
    // Not IN (…): that is a join with a list beside the scan, and not a part of it.
    dictionary.uses.push_back(dictionary.names.use(std::move(holds)));
    return {
        .sql = fmt::format("{}({}, {})", kAmongFunction, dictionary.uses.back().number(), column),
        .always = {}};
  }
  if (std::holds_alternative<Expr::Compare>(expr->node))
    return {.sql = sql_condition(SqlDialect::kDuckDb, expr, kind_), .always = {}};
  if (const auto* negated = std::get_if<Expr::Not>(&expr->node)) {
    Part part = print(negated->what, dictionary);
    if (part.always) return {.sql = {}, .always = !*part.always};
    return {.sql = "NOT (" + part.sql + ")", .always = {}};
  }
  return print(*parts_of(*expr), std::holds_alternative<Expr::And>(expr->node), dictionary);
}

RawFilter::Part RawFilter::print(const std::vector<ExprPtr>& parts, bool all,
                                 const Dictionary& dictionary) const {
  std::string sql;
  for (const ExprPtr& expr : parts) {
    const Part part = print(expr, dictionary);
    if (part.always && *part.always == all) continue;
    if (part.always) return part;
    if (!sql.empty()) sql += all ? " AND " : " OR ";
    sql += part.sql;
  }
  if (sql.empty()) return {.sql = {}, .always = all};
  return {.sql = "(" + sql + ")", .always = {}};
}

std::vector<bool> RawFilter::numbers(const Expr& expr, const NameLists& lists) const {
  if (const auto* compare = std::get_if<Expr::Compare>(&expr.node)) return numbers(*compare, lists);
  if (const auto* negated = std::get_if<Expr::Not>(&expr.node)) {
    std::vector<bool> result = numbers(*negated->what, lists);
    result.flip();
    return result;
  }
  const bool all = std::holds_alternative<Expr::And>(expr.node);
  std::vector<bool> result;
  for (const ExprPtr& part : *parts_of(expr)) {
    const std::vector<bool> more = numbers(*part, lists);
    if (result.empty()) {
      result = more;
      continue;
    }
    // All are of one dictionary, read at once.
    for (std::size_t i = 0; i < std::min(result.size(), more.size()); ++i)
      result[i] = all ? result[i] && more[i] : result[i] || more[i];
  }
  return result;
}

std::vector<bool> RawFilter::numbers(const Expr::Compare& compare, const NameLists& lists) const {
  const TextTest& test = tests_.at(&compare);
  const auto list = [&](std::size_t column) { return lists.at(column).get(); };
  const NameList* names = list(place(kind_, compare.field)->column);
  const FieldId id = compare.field.id;
  if (is_label(id)) {
    return names->where(
        [&](std::string_view labels) { return test.holds(label_in(labels, compare.field.label)); });
  }
  std::vector<bool> result = names->where([&](std::string_view text) { return test.holds(text); });
  if (!is_pod(id)) return result;
  const std::vector<bool> pods =
      list(kind_column(id))->where([](std::string_view kind) { return kind == "pod"; });
  const bool others = test.holds("");
  for (std::size_t i = 0; i < std::min(result.size(), pods.size()); ++i)
    if (!pods[i]) result[i] = others;
  return result;
}

}  // namespace netprobe::duck
