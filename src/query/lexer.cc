// SPDX-License-Identifier: Apache-2.0
#include "query/lexer.h"

#include <algorithm>

#include "base/utf8.h"

namespace netprobe {
namespace {

using enum Token::Kind;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && !is_space(c)) || c == 0x7f;
}

constexpr std::string_view kNoWord = "\"'(),|&=<>!~\\";
constexpr std::string_view kControl = "a control character has no place in a query";
constexpr std::string_view kNoUtf8 = "the text is not UTF-8 here";

}  // namespace

bool Token::is_word(std::string_view small_letters) const {
  return kind == kWord && std::ranges::equal(text, small_letters, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
         });
}

std::string Token::value() const {
  if (kind != kText) return std::string(text);
  std::string value;
  value.reserve(text.size());
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    const bool escapes = text[i] == '\\' && (text[i + 1] == '\\' || text[i + 1] == text.front());
    if (escapes) ++i;
    value += text[i];
  }
  return value;
}

Token Lexer::take(Token::Kind kind, std::size_t length) {
  const Token token{kind, at_, text_.substr(at_, length)};
  at_ += length;
  return token;
}

Token Lexer::bad(std::size_t length, std::string_view problem) {
  problem_ = problem;
  return take(kBad, length);
}

Token Lexer::word() {
  std::size_t end = at_;
  while (end < text_.size()) {
    const char c = text_[end];
    if (is_space(c) || is_control(c) || kNoWord.contains(c)) break;
    const auto length = utf8_length(text_, end);
    if (length == 0) break;
    end += length;
  }
  if (end > at_) return take(kWord, end - at_);
  if (is_control(text_[at_])) return bad(1, kControl);
  if (text_[at_] == '\\') return bad(1, "a text with a '\\' stands in quotes");
  return bad(1, kNoUtf8);
}

Token Lexer::quoted() {
  const char quote = text_[at_];
  for (std::size_t i = at_ + 1; i < text_.size();) {
    const char c = text_[i];
    if (c == quote) return take(kText, i + 1 - at_);
    if (c == '\\' && i + 1 < text_.size() && (text_[i + 1] == '\\' || text_[i + 1] == quote)) {
      i += 2;
      continue;
    }
    const auto length = utf8_length(text_, i);
    if (is_control(c) || length == 0) {
      at_ = i;
      return bad(1, is_control(c) ? kControl : kNoUtf8);
    }
    i += length;
  }
  return bad(text_.size() - at_, "a quote is opened here and never closed");
}

Token Lexer::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  if (at_ == text_.size()) return take(completing_ ? kCursor : kEnd, 0);
  const char after = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  switch (text_[at_]) {
    case '(':
      return take(kOpen, 1);
    case ')':
      return take(kClose, 1);
    case ',':
      return take(kComma, 1);
    case '|':
      return after == '|' ? take(kOr, 2) : take(kPipe, 1);
    case '&':
      return after == '&' ? take(kAnd, 2) : bad(1, "write 'and' or '&&'");
    case '!':
      if (after == '=') return take(kNotEqual, 2);
      return after == '~' ? take(kNotMatch, 2) : take(kNot, 1);
    case '=':
      // As other languages write them.
      if (after == '~') return take(kMatch, 2);
      return take(kEqual, after == '=' ? 2 : 1);
    case '<':
      return after == '=' ? take(kLessEqual, 2) : take(kLess, 1);
    case '>':
      return after == '=' ? take(kGreaterEqual, 2) : take(kGreater, 1);
    case '~':
      return take(kMatch, 1);
    case '"':
    case '\'':
      return quoted();
    default:
      return word();
  }
}

bool is_query_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto length = utf8_length(text, i);
    if (length == 0 || is_control(text[i])) return false;
    i += length;
  }
  return true;
}

bool is_one_word(std::string_view text) {
  return !text.empty() && Lexer(text).next().kind == kWord &&
         Lexer(text).next().text.size() == text.size();
}

}  // namespace netprobe
