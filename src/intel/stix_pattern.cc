// SPDX-License-Identifier: Apache-2.0
#include "intel/stix_pattern.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace netprobe::intel {
namespace {

constexpr std::array<std::string_view, 3> kPaths{"ipv4-addr:value", "ipv6-addr:value",
                                                 "domain-name:value"};

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  /// False: it is not simple.
  bool read(std::vector<std::string>& values) {
    do {
      if (!sign('[')) return false;
      do {
        if (!comparison(values)) return false;
      } while (word_is("OR"));
      if (!sign(']')) return false;
    } while (word_is("OR"));
    skip_space();
    return rest_.empty();
  }

 private:
  void skip_space() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0)
      rest_.remove_prefix(1);
  }
  bool sign(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Takes the word, if it is the next.
  bool word_is(std::string_view word) {
    skip_space();
    if (!rest_.starts_with(word)) return false;
    const std::string_view behind = rest_.substr(word.size());
    if (!behind.empty() && is_of_path(behind.front())) return false;
    rest_ = behind;
    return true;
  }
  static bool is_of_path(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == ':' ||
           c == '.';
  }
  /// "file:hashes.'SHA-256'" and "x[*].y" have quotes and brackets in them.
  std::string_view path() {
    skip_space();
    std::size_t i = 0;
    bool quoted = false;
    int brackets = 0;
    for (; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (c == '\'') {
        quoted = !quoted;
      } else if (!quoted && c == '[') {
        ++brackets;
      } else if (!quoted && c == ']' && brackets > 0) {
        --brackets;
      } else if (!quoted && brackets == 0 && !is_of_path(c)) {
        break;
      }
    }
    const std::string_view found = rest_.substr(0, i);
    rest_.remove_prefix(i);
    return found;
  }
  /// 'text', with \' and \\ in it.
  std::optional<std::string> text() {
    if (!sign('\'')) return {};
    std::string value;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (c == '\'') {
        rest_.remove_prefix(i + 1);
        return value;
      }
      if (c == '\\' && ++i == rest_.size()) return {};
      value += rest_[i];
    }
    return {};
  }
  /// A value of another kind: a number, true, t'2026-…'.
  bool constant() {
    skip_space();
    const auto end = std::min(rest_.find_first_of(" \t\r\n'])"), rest_.size());
    const bool typed = end < rest_.size() && rest_[end] == '\'' && end > 0;
    rest_.remove_prefix(end);
    return typed ? text().has_value() : end > 0;
  }
  bool comparison(std::vector<std::string>& values) {
    const std::string_view what = path();
    if (what.empty()) return false;
    const bool known = std::ranges::find(kPaths, what) != kPaths.end();
    if (word_is("IN")) return list(known, values);
    if (!sign('=') && !word_is("ISSUBSET")) return false;
    skip_space();
    if (!known && !rest_.starts_with('\'')) return constant();
    auto value = text();
    if (!value) return false;
    if (known) values.push_back(std::move(*value));
    return true;
  }
  bool list(bool known, std::vector<std::string>& values) {
    if (!sign('(')) return false;
    do {
      auto value = text();
      if (!value) return false;
      if (known) values.push_back(std::move(*value));
    } while (sign(','));
    return sign(')');
  }

  std::string_view rest_;
};

}  // namespace

std::vector<std::string> simple_values(std::string_view pattern) {
  std::vector<std::string> values;
  if (!Reader(pattern).read(values)) values.clear();
  return values;
}

}  // namespace netprobe::intel
