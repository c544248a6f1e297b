// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace netprobe {

/// Parts of a response's head. Inside src/io only.

/// Now, as Date has it (RFC 9110 5.6.7).
[[nodiscard]] std::string http_date();
/// Appends a line. A line break in a value would begin a header of somebody
/// else's, and is left out.
void append_header(std::string& out, std::string_view name, std::string_view value);
/// "HTTP/1.1 200 OK", with its line end.
[[nodiscard]] std::string status_line(unsigned status);

}  // namespace netprobe
