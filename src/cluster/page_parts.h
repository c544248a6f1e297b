// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "cluster/gather.h"
#include "query/answer.h"

namespace netprobe {

/// A page's document, as far as it is JSON at all; the parser owns it.
[[nodiscard]] std::optional<simdjson::dom::object> parse_page(simdjson::dom::parser& parser,
                                                              const std::string& body);
/// Numbers and texts of an object; 0 and empty where they are not there, or odd.
[[nodiscard]] std::uint64_t number_in(simdjson::dom::object object, std::string_view key);
[[nodiscard]] double real_in(simdjson::dom::object object, std::string_view key);
[[nodiscard]] std::string_view text_in(simdjson::dom::object object, std::string_view key);
[[nodiscard]] bool flag_in(simdjson::dom::object object, std::string_view key);

/// Appends an object of an agent with more in front: `"node":…`, or `"reported_by"`
/// where the object has a node of its own.
void append_with_node(std::string& out, simdjson::dom::object object, std::string_view node);

/// What pages of many agents tell of themselves: who is missing, what was lost.
class PageCompleteness {
 public:
  explicit PageCompleteness(const Roster& roster)
      : missing_(roster.missing), counted_twice_(roster.counted_twice) {}
  void failed(const AgentPage& page);
  /// A page that was taken in; adds what its own completeness says up.
  void answered(simdjson::dom::object page);
  /// `"partial":…,"completeness":{…}`
  void append(JsonObject& json, std::string& out) const;

 private:
  std::vector<QuerySources::Missing> missing_;
  std::uint64_t counted_twice_ = 0;
  std::uint64_t answered_ = 0;
  bool complete_ = true;  ///< each of those that answered says so
  LostCounts lost_;
};

/// Where a page of a list ended: opaque to users.
struct PagePlace {
  std::string node;
  std::string address;
  std::uint64_t offset = 0;  ///< rows of the agent's page that were shown
  std::string cursor;        ///< with which the agent gave that page; empty: none
};
[[nodiscard]] std::string format_page_place(const PagePlace& place);
[[nodiscard]] std::optional<PagePlace> parse_page_place(std::string_view text);

/// Bytes as hex digits, for what goes into a cursor.
[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view digits);

}  // namespace netprobe
