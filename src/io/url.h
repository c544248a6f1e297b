// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace netprobe {

/// One name and value of a query string, decoded.
struct QueryParam {
  std::string name;
  std::string value;
  bool operator==(const QueryParam&) const = default;
};
using QueryParams = std::vector<QueryParam>;

/// A request's target: path decoded, parameters in their order, duplicates kept.
struct UrlTarget {
  std::string path;
  QueryParams query;
};

/// Decodes %XX, and '+' as a space where `form` (query strings). Errors: a '%'
/// without two hex digits, and an encoded or bare NUL, which the C functions
/// behind some parsers would take for the end of the text.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool form);
/// Encodes all but RFC 3986's unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);
/// "a=1&b=2" without the '?'. Empty pieces are skipped; "a" is "a=".
[[nodiscard]] Result<QueryParams> parse_query(std::string_view text);
/// Origin form ("/path?query") or absolute form ("http://host/path?query").
[[nodiscard]] Result<UrlTarget> parse_target(std::string_view target);

}  // namespace netprobe
