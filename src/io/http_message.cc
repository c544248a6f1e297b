// SPDX-License-Identifier: Apache-2.0
#include "io/http_message.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace netprobe {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// ";q=0", ";q=0.0": not wanted at all.
bool is_refused(std::string_view parameters) {
  const auto q = parameters.find("q=");
  if (q == std::string_view::npos) return false;
  const auto value = trim(parameters.substr(q + 2));
  return !value.empty() && value.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& header : headers)
    if (equals_ignoring_case(header.name, name)) return header.value;
  return {};
}

std::string_view http_reason(unsigned status) {
  struct Reason {
    unsigned status;
    std::string_view text;
  };
  static constexpr std::array kReasons{
      Reason{200, "OK"},
      Reason{304, "Not Modified"},
      Reason{400, "Bad Request"},
      Reason{401, "Unauthorized"},
      Reason{403, "Forbidden"},
      Reason{404, "Not Found"},
      Reason{405, "Method Not Allowed"},
      Reason{413, "Content Too Large"},
      Reason{415, "Unsupported Media Type"},
      Reason{422, "Unprocessable Content"},
      Reason{429, "Too Many Requests"},
      Reason{431, "Request Header Fields Too Large"},
      Reason{500, "Internal Server Error"},
      Reason{501, "Not Implemented"},
      Reason{503, "Service Unavailable"},
      Reason{507, "Insufficient Storage"},
  };
  for (const auto& reason : kReasons)
    if (reason.status == status) return reason.text;
  return "Unknown";
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    const auto comma = accept_encoding.find(',');
    const auto item = accept_encoding.substr(0, comma);
    accept_encoding =
        comma == std::string_view::npos ? std::string_view{} : accept_encoding.substr(comma + 1);
    const auto semicolon = item.find(';');
    const auto coding = trim(item.substr(0, semicolon));
    const bool refused =
        semicolon != std::string_view::npos && is_refused(item.substr(semicolon + 1));
    // What is said of gzip itself wins over what is said of '*'.
    if (equals_ignoring_case(coding, "gzip")) return !refused;
    if (coding == "*") any = !refused;
  }
  return any;
}

}  // namespace netprobe
