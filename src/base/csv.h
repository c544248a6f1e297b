// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace netprobe {

/// Appends one field of a CSV line (RFC 4180): in quotes where it needs them.
void append_csv_field(std::string& out, std::string_view text);

/// The same for text that comes from outside: what a spreadsheet would take for
/// a formula (it begins with = + - @, a tab or a carriage return) gets an
/// apostrophe in front, which makes it text there.
void append_csv_text(std::string& out, std::string_view text);

}  // namespace netprobe
