// SPDX-License-Identifier: Apache-2.0
#include "io/url.h"

namespace netprobe {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool form) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return fail("a '%' in the address is not followed by two hex digits", ErrorKind::kUsage);
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (form && c == '+') {
      c = ' ';
    }
    if (c == '\0') return fail("there is a NUL character in the address", ErrorKind::kUsage);
    out += c;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

Result<QueryParams> parse_query(std::string_view text) {
  QueryParams params;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto piece = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    auto name = percent_decode(piece.substr(0, equals), true);
    if (!name) return std::unexpected(name.error());
    auto value = percent_decode(
        equals == std::string_view::npos ? std::string_view{} : piece.substr(equals + 1), true);
    if (!value) return std::unexpected(value.error());
    params.push_back({std::move(*name), std::move(*value)});
  }
  return params;
}

Result<UrlTarget> parse_target(std::string_view target) {
  target = target.substr(0, target.find('#'));
  if (const auto scheme = target.find("://");
      scheme != std::string_view::npos && !target.starts_with('/')) {
    const auto path = target.find_first_of("/?", scheme + 3);
    target = path == std::string_view::npos ? std::string_view{} : target.substr(path);
  }
  const auto question = target.find('?');
  auto path = percent_decode(target.substr(0, question), false);
  if (!path) return std::unexpected(path.error());
  if (path->empty()) *path = "/";
  if (!path->starts_with('/')) {
    return fail("the address does not begin with '/'", ErrorKind::kUsage);
  }
  QueryParams query;
  if (question != std::string_view::npos) {
    auto parsed = parse_query(target.substr(question + 1));
    if (!parsed) return std::unexpected(parsed.error());
    query = std::move(*parsed);
  }
  return UrlTarget{std::move(*path), std::move(query)};
}

}  // namespace netprobe
