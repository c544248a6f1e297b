// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/options.h"
#include "base/result.h"

namespace netprobe {

/// Something that a user can set.
struct Option {
  std::string_view name;   ///< the flag; '-' becomes '_' in the file and the environment
  std::string_view value;  ///< what the help shows; empty for a switch
  std::string_view help;
  /// Errors say what is wrong with the value and what is allowed.
  std::function<Status(AgentOptions&, const std::string&)> set;
  /// May be given several times: values come together, one a line. In the environment
  /// they stand with blanks between, in the file as a list of texts or of maps whose
  /// key `to` is the URL and whose others are its parameters.
  bool repeats = false;
};

/// Every option, in the order of the help text.
[[nodiscard]] const std::vector<Option>& option_table();

}  // namespace netprobe
