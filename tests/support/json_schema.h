// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace netprobe::testing {

/// Holds values against the schemas of an OpenAPI 3.1 document. Of JSON Schema
/// (2020-12) it knows type, properties, required, additionalProperties, items,
/// enum, const, $ref into the document, oneOf, anyOf, minimum, maximum and
/// format date-time. Any other keyword is a complaint of its own, so that
/// nothing is believed to be checked that is not.
class JsonSchema {
 public:
  explicit JsonSchema(boost::json::value document) : document_(std::move(document)) {}

  /// What is wrong, one line each ("flows[0].vni: …"); empty: all is right.
  [[nodiscard]] std::vector<std::string> check(const boost::json::value& schema,
                                               const boost::json::value& value) const;
  /// The same for the answer to GET `path` that came with `status`; that the
  /// document describes no such JSON answer is a complaint.
  [[nodiscard]] std::vector<std::string> check_answer(std::string_view path, long status,
                                                      std::string_view body,
                                                      std::string_view method = "get") const;
  /// Paths whose 200 is described as JSON.
  [[nodiscard]] std::vector<std::string> json_paths() const;
  [[nodiscard]] const boost::json::value& document() const { return document_; }

 private:
  boost::json::value document_;
};

}  // namespace netprobe::testing
