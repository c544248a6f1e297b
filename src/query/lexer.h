// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace netprobe {

struct Token {
  enum class Kind : std::uint8_t {
    kEnd,
    kCursor,  ///< where completion is asked for: the end of the text, in its place
    kWord,    ///< anything without a meaning of its own: "src.ip", "10.0.0.0/8", "and"
    kText,    ///< in quotes, " or '
    kOpen,
    kClose,
    kComma,
    kPipe,
    kAnd,  ///< &&
    kOr,   ///< ||
    kNot,  ///< !
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kMatch,
    kNotMatch,
    kBad,  ///< see Lexer::problem()
  };
  Kind kind = Kind::kEnd;
  std::size_t column = 0;  ///< bytes before it
  std::string_view text;   ///< as it stands, quotes and all

  [[nodiscard]] bool is_compare() const { return kind >= Kind::kEqual && kind <= Kind::kNotMatch; }
  /// A word, whatever the case of its letters.
  [[nodiscard]] bool is_word(std::string_view small_letters) const;
  /// What a word or a text in quotes says. In quotes \ takes the meaning of the
  /// same quote and of another \; before anything else it stands for itself, as
  /// patterns are full of it.
  [[nodiscard]] std::string value() const;
};

/// Cuts a text into tokens, one at a time. A value; the text outlives it.
class Lexer {
 public:
  explicit Lexer(std::string_view text, bool completing = false)
      : text_(text), completing_(completing) {}
  [[nodiscard]] Token next();
  /// Why the token was bad.
  [[nodiscard]] std::string_view problem() const { return problem_; }

 private:
  Token take(Token::Kind kind, std::size_t length);
  Token bad(std::size_t length, std::string_view problem);
  Token word();
  Token quoted();

  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view problem_;
  bool completing_;
};

/// UTF-8 without control characters but tabs and ends of lines.
[[nodiscard]] bool is_query_text(std::string_view text);
/// A text that stands in a query as one word, without quotes.
[[nodiscard]] bool is_one_word(std::string_view text);

}  // namespace netprobe
