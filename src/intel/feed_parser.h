// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "intel/list_builder.h"

namespace netprobe::intel {

/// Longer lines, rows and objects are left out and counted.
inline constexpr std::size_t kMostLine = 4096;
inline constexpr std::size_t kMostRow = 64UL * 1024;
inline constexpr std::size_t kMostObject = 1024UL * 1024;

enum class FeedFormat : std::uint8_t { kAuto, kPlain, kCsv, kStix };
/// "auto", "plain", "csv", "stix".
[[nodiscard]] std::string_view to_string(FeedFormat format);

struct FeedSyntax {
  FeedFormat format = FeedFormat::kAuto;
  std::string column;  ///< of CSV: a header's name, or a number from 1; empty: found
  std::string reason;  ///< the same of the column with the reason
};

/// Reads a feed that comes in pieces of any size. What it holds of the text is bounded by one
/// line, row or object, and by what it looks at to tell formats and columns.
class FeedParser {
 public:
  virtual ~FeedParser() = default;
  /// An error ends it: the text is no feed of this format.
  [[nodiscard]] virtual Status take(std::string_view piece) = 0;
  /// The text is over.
  [[nodiscard]] virtual Status finish() = 0;
};
using FeedParserPtr = std::unique_ptr<FeedParser>;

/// Of the format that is said, or of the one that the text's beginning looks like. Refuses
/// what is binary, compressed or a web page, and gives up where most of 100,000 entries are
/// none. `builder` outlives it.
[[nodiscard]] FeedParserPtr make_feed_parser(const FeedSyntax& syntax, ListBuilder& builder);

/// One address, prefix or name a line; what stands behind it is the reason, and lines that
/// begin with '#', ';' or '//' are comments. A line as a hosts file has them ("0.0.0.0
/// bad.example worse.example") is of its names.
[[nodiscard]] FeedParserPtr make_plain_parser(ListBuilder& builder);
/// RFC 4180, with ',', ';', tab or '|' between fields; lines that begin with '#' are
/// comments, of which the last may be the header.
[[nodiscard]] FeedParserPtr make_csv_parser(const FeedSyntax& syntax, ListBuilder& builder);
/// A STIX 2.1 bundle, or TAXII's envelope, or an array of objects: indicators of addresses
/// and names, by stix_pattern.h.
[[nodiscard]] FeedParserPtr make_stix_parser(ListBuilder& builder);

/// The form of such a text.
[[nodiscard]] Result<FeedFormat> guess_format(std::string_view beginning);

}  // namespace netprobe::intel
