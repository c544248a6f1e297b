// SPDX-License-Identifier: Apache-2.0
#include "query/completion.h"

#include <algorithm>

#include "query/parser.h"

namespace netprobe {

Completions completions(std::string_view text, std::size_t cursor) {
  const auto before = text.substr(0, cursor);
  Completions found{.column = before.size()};
  Lexer lexer(before);
  for (Token token = lexer.next(); token.kind != Token::Kind::kEnd; token = lexer.next()) {
    if (token.kind == Token::Kind::kBad) return found;
    if (token.kind == Token::Kind::kWord && token.column + token.text.size() == before.size())
      found.column = token.column;
  }
  found.length = before.size() - found.column;
  const std::string begun = normal_name(before.substr(found.column));
  QueryParser parser(before.substr(0, found.column), 0, {.completing = true});
  if (parser.parse() || parser.error().column != found.column) return found;
  for (const auto& word : parser.error().expected)
    if (normal_name(word).starts_with(begun) &&
        std::ranges::find(found.words, word) == found.words.end())
      found.words.push_back(word);
  return found;
}

}  // namespace netprobe
