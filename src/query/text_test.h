// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "query/lower.h"

namespace re2 {
class RE2;
}

namespace netprobe {

/// A comparison of texts that is ready to be asked: patterns are compiled. Immutable;
/// any number of threads may ask it.
class TextTest {
 public:
  /// Of another kind of comparison it never holds.
  explicit TextTest(Test test);

  [[nodiscard]] bool holds(std::string_view text) const;

 private:
  [[nodiscard]] bool is_ordered(std::string_view text) const;

  Test test_;
  std::shared_ptr<const re2::RE2> pattern_;
};

}  // namespace netprobe
