// SPDX-License-Identifier: Apache-2.0
#include "query/text_test.h"

#include <re2/re2.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "query/pattern.h"

namespace netprobe {

TextTest::TextTest(Test test) : test_(std::move(test)) {
  if (test_.kind == Test::Kind::kPattern) pattern_ = compile_pattern(test_.text).value_or(nullptr);
}

bool TextTest::holds(std::string_view text) const {
  switch (test_.kind) {
    case Test::Kind::kTexts:
      if (test_.texts.size() == 1) return test_.texts[0] == text;
      return std::binary_search(test_.texts.begin(), test_.texts.end(), text, std::less<>{});
    case Test::Kind::kTextOrder:
      return !text.empty() && is_ordered(text);
    case Test::Kind::kPrefix:
      return !text.empty() && text.starts_with(test_.text);
    case Test::Kind::kContains:
      return !text.empty() && text.contains(test_.text);
    case Test::Kind::kPattern:
      return !text.empty() && pattern_ != nullptr &&
             re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern_);
    default:
      return false;
  }
}

bool TextTest::is_ordered(std::string_view text) const {
  switch (test_.order) {
    case CompareOp::kLess:
      return text < test_.text;
    case CompareOp::kLessEqual:
      return text <= test_.text;
    case CompareOp::kGreater:
      return text > test_.text;
    case CompareOp::kGreaterEqual:
      return text >= test_.text;
    default:
      return false;
  }
}

}  // namespace netprobe
