// SPDX-License-Identifier: Apache-2.0
#include "query/query.h"

#include "query/parser.h"

namespace netprobe {
namespace {

// What a text of this size is printed as cannot pass kMaxQueryBytes.
constexpr std::size_t kSurelyShort = 1024;

std::expected<Query, QueryError> parse(std::string_view text, Nanos now, bool pipe) {
  QueryParser::Options options{.pipe = pipe};
  QueryParser first(text, now, options);
  if (!first.parse()) return std::unexpected(first.error());
  Query query = first.take();
  if (first.guessed_wrong()) {
    options.kind = query.kind;
    QueryParser second(text, now, options);
    if (!second.parse()) return std::unexpected(second.error());
    query = second.take();
  }
  // What one condition stands for is printed in full: that must be taken, too.
  if (text.size() > kSurelyShort && canonical(query).size() > kMaxQueryBytes)
    return std::unexpected(QueryError{.column = text.size(),
                                      .message = "written out in full this query has more than " +
                                                 std::to_string(kMaxQueryBytes) + " bytes"});
  return query;
}

}  // namespace

std::expected<Query, QueryError> parse_query(std::string_view text, Nanos now) {
  return parse(text, now, true);
}

std::expected<Query, QueryError> parse_filter(std::string_view text, Nanos now) {
  return parse(text, now, false);
}

std::expected<Query, QueryError> parse_alert_filter(std::string_view text, Nanos now) {
  const std::string_view word = text.starts_with("alerts") ? "" : "alerts ";
  return parse_filter(std::string(word).append(text), now);
}

}  // namespace netprobe
