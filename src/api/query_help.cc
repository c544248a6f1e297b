// SPDX-License-Identifier: Apache-2.0
#include "api/query_help.h"

#include <array>
#include <charconv>

#include "api/answer_value.h"
#include "base/json_writer.h"
#include "query/completion.h"
#include "query/field.h"
#include "query/query.h"

namespace netprobe {
namespace {

constexpr std::array<std::string_view, 1> kValidate{"q"};
constexpr std::array<std::string_view, 2> kComplete{"q", "at"};

BadQuery missing() { return {.parameter = "q", .detail = "say the query as q=", .allowed = {"q"}}; }

void append_error(JsonObject& json, std::string& out, const QueryError& error) {
  json.key("error");
  JsonObject one(out);
  one.text("detail", error.message);
  one.number("column", error.column + 1);
  one.number("length", error.length);
  one.key("expected");
  JsonArray list(out);
  for (const auto& word : error.expected) list.text(word);
  list.close();
  one.close();
}

void append_field(std::string& out, const Field& field) {
  JsonObject json(out);
  json.text("name", field.name);
  const Column column{.name = {}, .type = field.type};
  json.text("type", field.type == FieldType::kLabel ? "label" : type_name(column));
  if (const auto unit = unit_name(column); !unit.empty()) json.text("unit", unit);
  json.key("kinds");
  JsonArray kinds(out);
  for (std::size_t i = 0; i < kRecordKinds; ++i)
    if (field.of(static_cast<RecordKind>(i))) kinds.text(to_string(static_cast<RecordKind>(i)));
  kinds.close();
  json.key("words");
  JsonArray words(out);
  for (const auto word : field.words) words.text(word);
  words.close();
  json.flag("in_rollups", field.in_rollup);
  json.text("help", field.help);
  json.close();
}

}  // namespace

QueryResult<std::string> parse_validate_query(const QueryParams& params) {
  const auto values = named_values(params, kValidate, {});
  if (!values) return std::unexpected(values.error());
  if (values->empty()) return std::unexpected(missing());
  return *values->front().value;
}

std::string validate_page(std::string_view text, Nanos now) {
  const auto query = parse_query(text, now);
  std::string out;
  JsonObject json(out);
  json.flag("valid", query.has_value());
  if (query) {
    json.text("query", canonical(*query));
    json.text("kind", to_string(query->kind));
    json.flag("aggregate", query->is_aggregate());
  } else {
    append_error(json, out, query.error());
  }
  json.close();
  return out;
}

QueryResult<CompleteQuery> parse_complete_query(const QueryParams& params) {
  const auto values = named_values(params, kComplete, {});
  if (!values) return std::unexpected(values.error());
  CompleteQuery query;
  bool has_text = false;
  std::optional<std::size_t> at;
  for (const auto& [name, value] : *values) {
    if (name == "q") {
      query.text = *value;
      has_text = true;
      continue;
    }
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
    if (error != std::errc{} || end != value->data() + value->size())
      return std::unexpected(
          BadQuery{"at", "'" + *value + "' is not a value for at: it takes a number of bytes", {}});
    at = number;
  }
  if (!has_text) return std::unexpected(missing());
  if (query.text.size() > kMaxQueryBytes)
    return std::unexpected(
        BadQuery{"q", "the query is longer than " + std::to_string(kMaxQueryBytes) + " bytes", {}});
  query.at = std::min(at.value_or(query.text.size()), query.text.size());
  return query;
}

std::string complete_page(const CompleteQuery& query) {
  const Completions found = completions(query.text, query.at);
  std::string out;
  JsonObject json(out);
  json.number("from", found.column);
  json.number("to", found.column + found.length);
  json.key("words");
  JsonArray list(out);
  for (const auto& word : found.words) list.text(word);
  list.close();
  json.close();
  return out;
}

std::string fields_page() {
  std::string out;
  JsonObject json(out);
  json.key("fields");
  JsonArray list(out);
  for (const Field& each : fields()) {
    list.next();
    append_field(out, each);
  }
  list.close();
  json.close();
  return out;
}

}  // namespace netprobe
