// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "query/condition.h"
#include "query/expr.h"
#include "query/parser.h"
#include "query/pattern.h"

namespace netprobe {
namespace {

using enum Token::Kind;

// How deep what one condition stands for can be: "not (a or (b and c))".
constexpr std::size_t kTermDepth = 3;

CompareOp order_of(Token::Kind kind) {
  switch (kind) {
    case kLess:
      return CompareOp::kLess;
    case kLessEqual:
      return CompareOp::kLessEqual;
    case kGreater:
      return CompareOp::kGreater;
    default:
      return CompareOp::kGreaterEqual;
  }
}

bool is_bool(const NamedField& name) { return field(name.ids.front()).type == FieldType::kBool; }

std::vector<std::string> operators_of(const NamedField& name) {
  const FieldId id = name.ids.front();
  std::vector<std::string> words{"=", "!="};
  if (can_be_matched(id)) words.insert(words.end(), {"~", "!~"});
  if (can_be_ordered(id)) words.insert(words.end(), {"<", "<=", ">", ">="});
  words.insert(words.end(), {"in", "not in"});
  return words;
}

}  // namespace

ExprPtr QueryParser::parse_term() {
  const Token at = token_;
  if (at.kind == kCursor) {
    std::vector<std::string> words = field_words(true);
    if (at.column == 0 || text_.find_first_not_of(" \t\r\n") >= at.column)
      words.insert(words.begin(), {"flows", "drops", "connections", "alerts"});
    words.insert(words.end(), {"not", "and", "or", "("});
    words.emplace_back(depth_ > 0 ? ")" : "|");
    fail(at, "", std::move(words));
    return nullptr;
  }
  if (at.kind == kText) {
    fail(at, "a text stands right of an operator: FIELD=\"…\"");
    return nullptr;
  }
  if (at.is_compare()) {
    fail(at, "a field is missing before " + described(at));
    return nullptr;
  }
  if (at.kind != kWord || at.is_word("and") || at.is_word("or") || at.is_word("in")) {
    fail_expecting("a condition such as src.ip=10.0.0.0/8");
    return nullptr;
  }
  auto name = take_field();
  if (!name || failed()) return nullptr;
  // Of flows, until another kind is known: see guessed_wrong().
  const auto kind = kind_given_ || options_.kind ? query_.kind : RecordKind::kFlow;
  std::size_t others = 0;
  for (const auto id : name->ids) others += field(id).of(kind) ? 0 : 1;
  // Those of other kinds are the last ones of a bare name.
  if (name->is_bare()) name->ids = name->ids.first(name->ids.size() - others);
  return finish_term(*name, at);
}

ExprPtr QueryParser::finish_term(const NamedField& name, const Token& at) {
  Token op = token_;
  std::vector<Operand> operands;
  std::vector<Token> tokens;
  if (op.is_compare()) {
    advance();
    const bool several = token_.kind == kOpen && (op.kind == kEqual || op.kind == kNotEqual);
    if (several ? !take_list(name, operands, tokens) : !take_operand(name, operands, tokens))
      return nullptr;
  } else if (op.is_word("in") || (op.is_word("not") && peek().is_word("in"))) {
    const bool negated = op.is_word("not");
    if (negated) advance();
    advance();
    if (token_.kind != kOpen) {
      fail_expecting("a list in parentheses: in (a, b)", {"("});
      return nullptr;
    }
    if (!take_list(name, operands, tokens)) return nullptr;
    op.kind = negated ? kNotEqual : kEqual;
  } else if (is_bool(name)) {
    op.kind = kEqual;
    operands.push_back({"true", false});
    tokens.push_back(at);
  } else {
    fail_expecting("an operator behind '" + std::string(at.text) + "'", operators_of(name));
    return nullptr;
  }
  return conditions_of(name, op.kind, at, operands, tokens);
}

bool QueryParser::take_operand(const NamedField& name, std::vector<Operand>& operands,
                               std::vector<Token>& tokens) {
  if (failed()) return false;
  if (token_.kind != kWord && token_.kind != kText)
    return fail_expecting(
        "a value of '" + std::string(name.name) + "', " + takes(name.ids.front()) + ",",
        words_for(name.ids.front()));
  operands.push_back({token_.value(), token_.kind == kText});
  tokens.push_back(token_);
  advance();
  return !failed();
}

bool QueryParser::take_list(const NamedField& name, std::vector<Operand>& operands,
                            std::vector<Token>& tokens) {
  do {
    advance();  // past '(' or ','
    if (!take_operand(name, operands, tokens)) return false;
  } while (token_.kind == kComma);
  if (token_.kind != kClose) return fail_expecting("a ',' or a ')'", {",", ")"});
  advance();
  return !failed();
}

bool QueryParser::fail_operand(const Refusal& refusal, const Token& at) {
  const auto part =
      refusal.fragment.empty() ? std::string_view::npos : at.text.find(refusal.fragment);
  if (part != std::string_view::npos)
    return fail(at.column + part, refusal.fragment.size(), refusal.message, refusal.expected);
  return fail(at, refusal.message, refusal.expected);
}

/// The condition on every field that the name means, any of which may hold.
ExprPtr QueryParser::conditions_of(const NamedField& name, Token::Kind op, const Token& at,
                                   const std::vector<Operand>& operands,
                                   const std::vector<Token>& tokens) {
  const bool matches = op == kMatch || op == kNotMatch;
  const bool negated = op == kNotEqual || op == kNotMatch;
  if (matches && ++patterns_ > kMaxQueryPatterns) {
    fail(at, "more than " + std::to_string(kMaxQueryPatterns) + " patterns in one query");
    return nullptr;
  }
  std::vector<ExprPtr> any;
  for (const auto id : name.ids) {
    const Subject subject{{id, name.label}, at.text};
    Condition condition;
    if (matches) {
      condition = matching(subject, operands.front());
    } else if (op == kEqual || op == kNotEqual) {
      condition = equal_to_any(subject, operands, now_);
    } else {
      condition = ordered(subject, order_of(op), operands.front(), now_);
    }
    if (!condition) {
      // Which of a list it was: each by itself is refused alike.
      std::size_t i = 0;
      while (i + 1 < operands.size() && equal_to(subject, operands[i], now_)) ++i;
      fail_operand(condition.error(), tokens[i]);
      return nullptr;
    }
    any.push_back(std::move(*condition));
  }
  ExprPtr expr = any_of(std::move(any));
  terms_ += count_compares(*expr);
  if (terms_ > kMaxQueryTerms) {
    fail(at, "more than " + std::to_string(kMaxQueryTerms) + " conditions in one query");
    return nullptr;
  }
  if (!std::holds_alternative<Expr::Compare>(expr->node) && depth_ + kTermDepth > kMaxQueryDepth) {
    fail(at, "nested deeper than " + std::to_string(kMaxQueryDepth) +
                 ", as this stands for several conditions");
    return nullptr;
  }
  return negated ? negate(std::move(expr)) : expr;
}

}  // namespace netprobe
