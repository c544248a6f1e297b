// SPDX-License-Identifier: Apache-2.0
#include "query/engine_pattern.h"

#include <utility>

#include "query/pattern.h"

namespace netprobe {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// As RE2 reads it: itself.
void append_quoted(std::string& out, char c) {
  if (c == '\0') {
    out += "\\x00";
    return;
  }
  if (!is_word(c) && (static_cast<unsigned char>(c) & 0x80U) == 0) out += '\\';
  out += c;
}

/// "[!a-z]" at glob[at], as RE2 has it, and where it ends; nothing where it is no
/// set: then the bracket is itself.
std::optional<std::pair<std::string, std::size_t>> read_set(std::string_view glob, std::size_t at) {
  std::string out = "[";
  std::size_t i = at + 1;
  if (i < glob.size() && (glob[i] == '!' || glob[i] == '^')) {
    out += '^';
    ++i;
  }
  for (const std::size_t first = i; i < glob.size(); ++i) {
    if (glob[i] == ']' && i > first) {
      out += ']';
      if (!compile_pattern(out)) return std::nullopt;  // "[z-a]"
      return std::pair{std::move(out), i + 1};
    }
    const bool range = glob[i] == '-' && i > first && i + 1 < glob.size() && glob[i + 1] != ']';
    if (range) {
      out += '-';
      continue;
    }
    if (glob[i] == '\\' && i + 1 < glob.size()) ++i;
    append_quoted(out, glob[i]);
  }
  return std::nullopt;
}

}  // namespace

Glob read_glob(std::string_view glob) {
  std::string literal;  // as long as nothing but a last '*' came
  std::string pattern;
  bool plain = true;
  bool open = false;  // ends in the first wildcard, a '*'
  const auto wildcard = [&](bool star) {
    open = plain && star;
    plain = false;
  };
  for (std::size_t i = 0; i < glob.size();) {
    const char c = glob[i];
    if (c == '*' || c == '?') {
      if (!(c == '*' && open)) wildcard(c == '*');
      pattern += c == '*' ? ".*" : ".";
      ++i;
      continue;
    }
    if (c == '[') {
      if (auto set = read_set(glob, i)) {
        wildcard(false);
        pattern += set->first;
        i = set->second;
        continue;
      }
    }
    const bool escaped = c == '\\' && i + 1 < glob.size();
    if (escaped) ++i;
    append_quoted(pattern, glob[i]);
    literal += glob[i];
    if (!plain) open = false;
    ++i;
  }
  Glob result;
  if (plain) {
    result.exact = std::move(literal);
  } else if (open) {
    result.prefix = std::move(literal);
  } else {
    result.pattern = "\\A(?s:" + pattern + ")\\z";
  }
  return result;
}

std::optional<std::string> engine_pattern(std::string_view pattern) {
  // In a group, which also keeps an old ClickHouse from looking for a part of it by
  // itself, whatever the case. The pattern may end within \Q…, where the group's end
  // would be a part of the text.
  for (const std::string_view end : {")", "\\E)"}) {
    std::string whole = "(?s:";
    whole.append(pattern).append(end);
    if (compile_pattern(whole)) return whole;
  }
  return std::nullopt;
}

bool is_plain_pattern(std::string_view pattern) {
  return pattern.find_first_of("\\.+*?()[]{}|^$") == std::string_view::npos;
}

}  // namespace netprobe
