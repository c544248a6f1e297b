// SPDX-License-Identifier: Apache-2.0
#include "base/csv.h"

namespace netprobe {
namespace {

void append(std::string& out, std::string_view text, bool apostrophe) {
  const bool outer_space = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (!outer_space && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    if (apostrophe) out += '\'';
    out += text;
    return;
  }
  out += '"';
  if (apostrophe) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

void append_csv_field(std::string& out, std::string_view text) { append(out, text, false); }

void append_csv_text(std::string& out, std::string_view text) {
  append(out, text, !text.empty() && std::string_view("=+-@\t\r").contains(text.front()));
}

}  // namespace netprobe
