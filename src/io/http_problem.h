// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "io/http_message.h"

namespace netprobe {

/// What an error answer may tell beyond its sentence.
struct ProblemExtras {
  std::string_view parameter;             ///< that is wrong; empty: none is
  std::vector<std::string_view> allowed;  ///< in its place; empty: not said
};

/// An error as RFC 9457 problem details: title is the status's own text,
/// `detail` one clear sentence for the user.
[[nodiscard]] HttpResponse problem(unsigned status, std::string_view detail,
                                   const ProblemExtras& extras = {});

}  // namespace netprobe
