// SPDX-License-Identifier: Apache-2.0
#include "api/request_params.h"

#include <simdjson.h>

#include "api/context.h"

namespace netprobe {
namespace {

using Element = simdjson::dom::element;

constexpr std::array<std::string_view, 2> kBodies{"application/json", "text/plain"};

std::unexpected<BadQuery> bad(std::string_view parameter, std::string detail) {
  return std::unexpected(BadQuery{std::string(parameter), std::move(detail), {}});
}

/// "text/plain" of "text/plain; charset=utf-8".
std::string_view type_of(const HttpRequest& request) {
  std::string_view type = request.header("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return type;
}

/// Text, a whole number, true and false as a URL would have them.
std::optional<std::string> text_of(Element value) {
  if (std::string_view text; value.get(text) == simdjson::SUCCESS) return std::string(text);
  if (bool flag = false; value.get(flag) == simdjson::SUCCESS) return flag ? "true" : "false";
  if (std::uint64_t number = 0; value.is<std::uint64_t>() && value.get(number) == simdjson::SUCCESS)
    return std::to_string(number);
  if (std::int64_t number = 0; value.is<std::int64_t>() && value.get(number) == simdjson::SUCCESS)
    return std::to_string(number);
  return std::nullopt;
}

QueryResult<void> take(QueryParams& params, std::string_view name, Element value) {
  auto text = text_of(value);
  if (!text)
    return bad(name, "'" + std::string(name) +
                         "' takes a text, a whole number, true or false, or a list of these");
  if (text->contains('\0'))  // as in URLs
    return bad(name, "'" + std::string(name) + "' has a NUL character in it");
  params.push_back({std::string(name), std::move(*text)});
  return {};
}

}  // namespace

QueryResult<QueryParams> parse_json_params(std::string_view body) {
  simdjson::dom::parser parser;
  Element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root))
    return bad("", std::string("the body is not JSON: ") + simdjson::error_message(error));
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    return bad("", R"(the body is an object of parameters: {"q": "flows | count"})");
  QueryParams params;
  for (const auto [name, value] : object) {
    if (value.is_null()) continue;
    simdjson::dom::array list;
    if (value.get(list) != simdjson::SUCCESS) {
      if (auto taken = take(params, name, value); !taken) return std::unexpected(taken.error());
      continue;
    }
    for (const Element each : list)
      if (auto taken = take(params, name, each); !taken) return std::unexpected(taken.error());
  }
  return params;
}

std::expected<QueryParams, HttpResponse> params_of(const HttpRequest& request) {
  QueryParams params = request.query;
  if (request.body.empty()) return params;
  const std::string_view type = type_of(request);
  if (equals_ignoring_case(type, "text/plain")) {
    if (request.body.contains('\0'))
      return std::unexpected(bad_query_response({"q", "the query has a NUL character in it", {}}));
    std::string text = request.body;
    // What a file ends with is none of the query.
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    params.push_back({"q", std::move(text)});
    return params;
  }
  if (equals_ignoring_case(type, "application/json")) {
    auto more = parse_json_params(request.body);
    if (!more) return std::unexpected(bad_query_response(more.error()));
    params.insert(params.end(), more->begin(), more->end());
    return params;
  }
  return std::unexpected(
      problem(415,
              (type.empty() ? std::string("the body has no Content-Type")
                            : "'" + std::string(type) + "' is no Content-Type that is taken here") +
                  ": use application/json for parameters, or text/plain for the query alone",
              {.parameter = "Content-Type", .allowed = {kBodies.begin(), kBodies.end()}}));
}

}  // namespace netprobe
