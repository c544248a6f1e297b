// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace netprobe {

/// Headers for requests, "Name: value", one a line, as a file has them: what is secret
/// stands in no command line. Blank lines and lines that begin with '#' are left out.
/// Errors name the line, and never what is in it.
[[nodiscard]] Result<std::vector<std::string>> parse_headers(std::string_view text);
/// The same of a file; an empty path: none.
[[nodiscard]] Result<std::vector<std::string>> read_header_file(const std::string& path);

}  // namespace netprobe
