// SPDX-License-Identifier: Apache-2.0
#include "query/expr.h"
#include "query/parser.h"

namespace netprobe {
namespace {

using enum Token::Kind;

}  // namespace

/// One level deeper, of parentheses and of not.
bool QueryParser::enter() {
  if (depth_ == kMaxQueryDepth)
    return fail(token_, "nested deeper than " + std::to_string(kMaxQueryDepth));
  ++depth_;
  return true;
}

/// What stands side by side is AND. Words that are none of ours are refused
/// where they stand, as a condition.
bool QueryParser::begins_condition() const {
  if (token_.kind == kWord) return !token_.is_word("or");
  return token_.kind == kText || token_.kind == kOpen || token_.kind == kNot ||
         token_.kind == kCursor;
}

ExprPtr QueryParser::parse_or() {
  std::vector<ExprPtr> any;
  do {
    if (!any.empty()) advance();
    any.push_back(parse_and());
    if (failed()) return nullptr;
  } while (token_.kind == kOr || token_.is_word("or"));
  return any_of(std::move(any));
}

ExprPtr QueryParser::parse_and() {
  std::vector<ExprPtr> all;
  do {
    if (!all.empty() && (token_.kind == kAnd || token_.is_word("and"))) advance();
    all.push_back(parse_not());
    if (failed()) return nullptr;
  } while (token_.kind == kAnd || begins_condition());
  return all_of(std::move(all));
}

ExprPtr QueryParser::parse_not() {
  const std::size_t outside = depth_;
  bool negated = false;
  while (token_.kind == kNot || token_.is_word("not")) {
    if (!enter()) return nullptr;
    negated = !negated;
    advance();
  }
  ExprPtr expr = token_.kind == kOpen ? parse_parenthesis() : parse_term();
  depth_ = outside;
  if (failed()) return nullptr;
  return negated ? negate(std::move(expr)) : expr;
}

ExprPtr QueryParser::parse_parenthesis() {
  const Token open = token_;
  if (!enter()) return nullptr;
  advance();
  ExprPtr expr = parse_or();
  if (failed()) return nullptr;
  if (token_.kind == kEnd) {
    fail(open, "this '(' is never closed");
    return nullptr;
  }
  if (token_.kind != kClose) {
    fail_expecting("a condition, and, or, or a ')'", {"and", "or", ")"});
    return nullptr;
  }
  --depth_;
  advance();
  return expr;
}

}  // namespace netprobe
