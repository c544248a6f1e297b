// SPDX-License-Identifier: Apache-2.0
#include "query/expr.h"

#include <iterator>

namespace netprobe {
namespace {

template <typename Join>
ExprPtr join(std::vector<ExprPtr> parts, std::vector<ExprPtr> Join::* member) {
  if (parts.size() == 1) return std::move(parts.front());
  Join joined;
  auto& flat = joined.*member;
  flat.reserve(parts.size());
  for (auto& part : parts) {
    if (const auto* same = std::get_if<Join>(&part->node)) {
      flat.insert(flat.end(), (same->*member).begin(), (same->*member).end());
    } else {
      flat.push_back(std::move(part));
    }
  }
  return std::make_shared<const Expr>(Expr{std::move(joined)});
}

}  // namespace

ExprPtr all_of(std::vector<ExprPtr> all) { return join(std::move(all), &Expr::And::all); }

ExprPtr any_of(std::vector<ExprPtr> any) { return join(std::move(any), &Expr::Or::any); }

ExprPtr negate(ExprPtr what) {
  if (const auto* inner = std::get_if<Expr::Not>(&what->node)) return inner->what;
  return std::make_shared<const Expr>(Expr{Expr::Not{std::move(what)}});
}

ExprPtr compare(FieldRef field, CompareOp op, Value value) {
  return std::make_shared<const Expr>(
      Expr{Expr::Compare{std::move(field), op, {std::move(value)}}});
}

ExprPtr is_none(FieldRef field) {
  return compare(std::move(field), CompareOp::kEqual, std::monostate{});
}

std::size_t count_compares(const Expr& expr) {
  std::size_t count = 0;
  if (const auto* conjunction = std::get_if<Expr::And>(&expr.node)) {
    for (const auto& each : conjunction->all) count += count_compares(*each);
  } else if (const auto* disjunction = std::get_if<Expr::Or>(&expr.node)) {
    for (const auto& each : disjunction->any) count += count_compares(*each);
  } else if (const auto* negation = std::get_if<Expr::Not>(&expr.node)) {
    count = count_compares(*negation->what);
  } else {
    count = 1;
  }
  return count;
}

}  // namespace netprobe
