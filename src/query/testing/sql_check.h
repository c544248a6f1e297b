// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "query/sql.h"

namespace netprobe::testing {

/// What is wrong with a statement beside its literals: one that does not end, a
/// comment, a second statement, anything that this program does not write. Empty:
/// nothing. Reads literals as the dialect's own parser does.
inline std::string trouble_in(SqlDialect dialect, std::string_view sql) {
  constexpr std::string_view kWritten =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ,.()+-*/%<>=&|:";
  bool literal = false;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (literal) {
      if (dialect == SqlDialect::kClickHouse && c == '\\') {
        if (++i == sql.size()) return "an escape of nothing";
      } else if (c == '\'') {
        if (i + 1 < sql.size() && sql[i + 1] == '\'') {
          ++i;
        } else {
          literal = false;
        }
      } else if (c == '\0') {
        return "a NUL";
      }
      continue;
    }
    if (c == '\'') {
      literal = true;
      continue;
    }
    if (!kWritten.contains(c)) return "a character that is never written: " + std::string(1, c);
    const std::string_view two = sql.substr(i, 2);
    if (two == "--" || two == "/*") return "a comment";
  }
  return literal ? "a literal without an end" : std::string();
}

}  // namespace netprobe::testing
