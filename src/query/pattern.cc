// SPDX-License-Identifier: Apache-2.0
#include "query/pattern.h"

#include <re2/re2.h>

namespace netprobe {
namespace {

std::string_view reason(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorMissingBracket:
      return "a ']' is missing";
    case RE2::ErrorMissingParen:
      return "a ')' is missing";
    case RE2::ErrorUnexpectedParen:
      return "there is a ')' too many";
    case RE2::ErrorTrailingBackslash:
      return "nothing follows the last '\\'";
    case RE2::ErrorRepeatArgument:
      return "there is nothing to repeat";
    case RE2::ErrorRepeatSize:
      return "it repeats too often (1000 is the most)";
    case RE2::ErrorRepeatOp:
      return "it repeats what is repeated already";
    case RE2::ErrorBadCharRange:
      return "no such range of characters";
    case RE2::ErrorBadCharClass:
      return "no such class of characters";
    case RE2::ErrorBadEscape:
      return "no such escape; back references and the like are not taken";
    case RE2::ErrorBadPerlOp:
      return "no such group; looking ahead and behind is not taken";
    case RE2::ErrorPatternTooLarge:
      return "it would take too much memory";
    default:
      return "it is not a regular expression";
  }
}

}  // namespace

std::expected<std::shared_ptr<const re2::RE2>, BadPattern> compile_pattern(
    std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(static_cast<std::int64_t>(kMaxPatternBytes));
  options.set_dot_nl(true);
  auto compiled =
      std::make_shared<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!compiled->ok())
    return std::unexpected(
        BadPattern{std::string(reason(compiled->error_code())), compiled->error_arg()});
  return compiled;
}

std::string pattern_of_glob(std::string_view glob) {
  std::string pattern = "^";
  for (std::size_t i = 0; i < glob.size(); ++i) {
    const char c = glob[i];
    const auto close = c == '[' ? glob.find(']', i + 2) : std::string_view::npos;
    if (c == '*') {
      pattern += ".*";
    } else if (c == '?') {
      pattern += '.';
    } else if (close != std::string_view::npos) {
      pattern += glob[i + 1] == '!' ? "[^" : "[";
      for (auto each = i + (glob[i + 1] == '!' ? 2 : 1); each < close; ++each) {
        if (glob[each] == '[' || glob[each] == '\\' || glob[each] == ']') pattern += '\\';
        pattern += glob[each];
      }
      pattern += ']';
      i = close;
    } else {
      const bool escaped = c == '\\' && i + 1 < glob.size();
      pattern += RE2::QuoteMeta(re2::StringPiece(&glob[escaped ? ++i : i], 1));
    }
  }
  return pattern + '$';
}

std::string pattern_of_any_case(std::string_view text) {
  return "(?i)^" + RE2::QuoteMeta(re2::StringPiece(text.data(), text.size())) + '$';
}

}  // namespace netprobe
