// SPDX-License-Identifier: Apache-2.0
#include "io/header_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>

namespace netprobe {
namespace {

constexpr std::size_t kMostBytes = 64U << 10U;

/// Those that say how the body is to be read, which the program alone decides.
constexpr std::array<std::string_view, 6> kOwn{"content-type",   "content-encoding",
                                               "content-length", "transfer-encoding",
                                               "grpc-encoding",  "te"};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// RFC 9110 5.6.2.
bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_value(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return c == '\t' || (c >= 0x20 && c != 0x7f);
  });
}

}  // namespace

Result<std::vector<std::string>> parse_headers(std::string_view text) {
  std::vector<std::string> headers;
  if (text.size() > kMostBytes) return fail("it is larger than 64 KiB", ErrorKind::kUsage);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const auto colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const std::string_view value =
        colon == std::string_view::npos ? std::string_view() : trimmed(line.substr(colon + 1));
    const auto where = "line " + std::to_string(number);
    if (!is_token(name) || !is_value(value))
      return fail(where + " is not a header as in 'Authorization: Bearer TOKEN'",
                  ErrorKind::kUsage);
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (std::ranges::find(kOwn, lower) != kOwn.end())
      return fail(where + " sets '" + lower + "', which the exporter decides itself: take it out",
                  ErrorKind::kUsage);
    headers.push_back(std::string(name) + ": " + std::string(value));
  }
  return headers;
}

Result<std::vector<std::string>> read_header_file(const std::string& path) {
  if (path.empty()) return std::vector<std::string>();
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail("the file of headers " + path + " cannot be read", ErrorKind::kNotFound);
  std::string text(kMostBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  auto headers = parse_headers(text);
  if (!headers)
    return fail("the file of headers " + path + ": " + headers.error().message,
                headers.error().kind);
  return headers;
}

}  // namespace netprobe
