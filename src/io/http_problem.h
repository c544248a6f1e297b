// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/http_message.h"

namespace netprobe {

/// What an error answer may tell beyond its sentence.
struct ProblemExtras {
  /// Where in a text it is wrong; see QueryError (query/query.h).
  struct Place {
    std::size_t column = 0;  ///< from 1, in bytes
    std::size_t length = 0;  ///< 0: something is missing there
    std::vector<std::string> expected;
  };
  std::string_view parameter;             ///< that is wrong; empty: none is
  std::vector<std::string_view> allowed;  ///< in its place; empty: not said
  std::optional<Place> place;
};

/// An error as RFC 9457 problem details: title is the status's own text,
/// `detail` one clear sentence for the user.
[[nodiscard]] HttpResponse problem(unsigned status, std::string_view detail,
                                   const ProblemExtras& extras = {});

}  // namespace netprobe
