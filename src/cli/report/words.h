// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "cli/report/report.h"

namespace netprobe::report {

/// What a report says besides names and numbers.
struct PartWords {
  std::string_view title;
  std::string_view what;   ///< one sentence
  std::string_view empty;  ///< where there is nothing
};
[[nodiscard]] const PartWords& words_of(Part part, Language language);

struct Words {
  std::string_view lang;  ///< BCP 47
  std::string_view title;
  std::string_view node;
  std::string_view range;
  std::string_view query;
  std::string_view table;
  std::string_view tier;
  std::string_view rows;
  std::string_view warning;
  std::string_view no_answer;
  std::string_view unknown;
  std::string_view made_by;
};
[[nodiscard]] const Words& words_of(Language language);

}  // namespace netprobe::report
