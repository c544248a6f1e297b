// SPDX-License-Identifier: Apache-2.0
#include "io/http_text.h"

#include <ctime>

#include "io/http_message.h"

namespace netprobe {

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value)
    if (c != '\r' && c != '\n') out += c;
  out += "\r\n";
}

std::string status_line(unsigned status) {
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(http_reason(status)) + "\r\n";
}

}  // namespace netprobe
